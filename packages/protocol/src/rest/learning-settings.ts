import {
  AGENT_ESTIMATORS,
  LOSS_PRESETS,
  type PolicyEstimator,
  type PolicyLossSettings,
} from '@residency/algorithms';
import { ResidencyError } from '../errors.js';
import type { AdvantageSettings, JobMethod, LearningRateSchedule, SamplingFilters } from '../job-spec.js';
import type { ResidencyRequest } from './residency-request.js';
import { settingDefaults } from './setting-defaults.js';

function refuse(name: keyof ResidencyRequest, own: ResidencyRequest, problem: string): never {
  const param = `x_residency.${name}`;
  throw new ResidencyError('invalid_request', `${param}: found ${JSON.stringify(own[name])}${problem}`, {
    param,
  });
}

/** A setting that nothing reads is a mistake. */
function refuseUnread(own: ResidencyRequest, resolved: PolicyLossSettings): void {
  const preset = own.loss ?? settingDefaults.loss;
  const isClipped = LOSS_PRESETS[preset].clip !== null;
  const aggregation = resolved.aggregation ?? settingDefaults.aggregation;
  const rules: readonly (readonly [keyof ResidencyRequest, boolean, string])[] = [
    ['clip_low', isClipped, ` with loss ${preset}, which has no clip`],
    ['clip_high', isClipped, ` with loss ${preset}, which has no clip`],
    [
      'dual_clip',
      LOSS_PRESETS[preset].estimator === 'ppo',
      ` with loss ${preset}, wanted ppo, grpo, dapo or dr_grpo`,
    ],
    ['fixed_length', aggregation === 'fixed-length', ` with aggregation ${aggregation}, wanted fixed-length`],
    ['kl_estimator', resolved.klCoefficient > 0, ' with kl_coefficient 0, wanted a kl_coefficient above 0'],
    ['importance_cap', own.importance !== undefined, ' without importance, wanted token or sequence'],
  ];
  for (const [name, isRead, problem] of rules) {
    if (own[name] !== undefined && !isRead) refuse(name, own, problem);
  }
}

/**
 * The loss of a run: the preset's numbers, unless a setting says otherwise. What has its default is left out, so that
 * two requests that mean the same give the same run, bit for bit, and a run of before there was a choice stays what it
 * was.
 * @throws ResidencyError `invalid_request` naming a setting that this loss does not read
 */
export function resolveLoss(own: ResidencyRequest, maxNewTokens: number): PolicyLossSettings {
  const preset = LOSS_PRESETS[own.loss ?? settingDefaults.loss];
  const estimator: PolicyEstimator = own.dual_clip === undefined ? preset.estimator : 'ppo_dual_clip';
  const aggregation = own.aggregation ?? preset.aggregation;
  const klCoefficient = own.kl_coefficient ?? preset.kl?.coefficient ?? settingDefaults.kl_coefficient;
  const klEstimator = own.kl_estimator ?? preset.kl?.estimator ?? settingDefaults.kl_estimator;
  const entropyCoefficient = own.entropy_coefficient ?? settingDefaults.entropy_coefficient;
  const { dual_clip: dualClip, importance } = own;
  const resolved: PolicyLossSettings = {
    clipLow: own.clip_low ?? preset.clip?.low ?? settingDefaults.clip_low,
    clipHigh: own.clip_high ?? preset.clip?.high ?? settingDefaults.clip_high,
    klCoefficient,
    ...(estimator !== 'ppo' && { estimator }),
    ...(aggregation !== settingDefaults.aggregation && { aggregation }),
    ...(aggregation === 'fixed-length' && { fixedLength: own.fixed_length ?? maxNewTokens }),
    ...(klCoefficient > 0 && klEstimator !== settingDefaults.kl_estimator && { klEstimator }),
    ...(entropyCoefficient > 0 && { entropyCoefficient }),
    ...(dualClip !== undefined && { dualClip }),
    ...(importance !== undefined && {
      importance,
      importanceCap: own.importance_cap ?? settingDefaults.importance_cap,
    }),
  };
  refuseUnread(own, resolved);
  return resolved;
}

/**
 * The schedule of a run of so many steps, or null for a constant rate without a warm-up.
 * @throws ResidencyError `invalid_request` naming a warm-up longer than the run, or a minimum that is not reached
 */
export function resolveSchedule(own: ResidencyRequest, totalSteps: number): LearningRateSchedule | null {
  const shape = own.learning_rate_schedule ?? settingDefaults.learning_rate_schedule;
  const warmupSteps = own.warmup_steps ?? settingDefaults.warmup_steps;
  const minShare = own.min_learning_rate_share ?? settingDefaults.min_learning_rate_share;
  if (warmupSteps > totalSteps) {
    refuse('warmup_steps', own, `, wanted at most the ${totalSteps} steps of the run`);
  }
  if (shape === 'constant' && own.min_learning_rate_share !== undefined) {
    refuse('min_learning_rate_share', own, ' with a constant learning rate, wanted linear or cosine');
  }
  if (shape === 'constant' && warmupSteps === 0) return null;
  return { shape, warmupSteps, totalSteps, minShare };
}

/**
 * How rewards become advantages, or null for what the method does unasked: `grpo`, or `gigpo` of an agent.
 * @throws ResidencyError `invalid_request` naming a setting that this estimator does not read
 */
export function resolveAdvantage(own: ResidencyRequest, method: JobMethod): AdvantageSettings | null {
  const usual = method === 'agent' ? settingDefaults.agent_advantage : settingDefaults.advantage;
  const { advantage: estimator = usual, std_floor: stdFloor, objective_weights: weights } = own;
  for (const name of ['std_floor', 'objective_weights'] as const) {
    if (own[name] !== undefined && estimator !== 'decoupled')
      refuse(name, own, ` with advantage ${estimator}, wanted decoupled`);
  }
  const isOfAgents = AGENT_ESTIMATORS.some((known) => known === estimator);
  if (method === 'agent' && !isOfAgents)
    refuse('advantage', own, ` with an agent, wanted one of ${AGENT_ESTIMATORS.join(', ')}`);
  if (method !== 'agent' && (estimator === 'gigpo' || estimator === 'hgpo'))
    refuse('advantage', own, ` with method ${method}, wanted the method agent`);
  if (estimator === usual) return null;
  return {
    estimator,
    ...(stdFloor !== undefined && { stdFloor }),
    ...(weights !== undefined && { objectiveWeights: weights }),
  };
}

/** What sampling leaves out, or null for nothing. */
export function resolveFilters(own: ResidencyRequest): SamplingFilters | null {
  const { top_k: topK = 0, top_p: topP = 1, min_p: minP = 0 } = own;
  if (topK === 0 && topP === 1 && minP === 0) return null;
  return { ...(topK > 0 && { topK }), ...(topP < 1 && { topP }), ...(minP > 0 && { minP }) };
}
