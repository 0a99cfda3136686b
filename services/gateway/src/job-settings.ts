import {
  AGENT_READERS,
  isEvaluated,
  learnsFromSamples,
  methodOf,
  settingDefaults,
} from '@residency/protocol';
import type { JobRecord } from '@residency/storage';

/** Every setting of a run with its default filled in, in the names of the request; null where the run reads none. */
export function settingsOf({ request, spec }: JobRecord): Record<string, unknown> {
  const { hyperparameters: h, filters } = spec;
  const isSampled = learnsFromSamples(methodOf(spec));
  const isClipped = isSampled && h.estimator !== 'reinforce';
  // Rows that are learned from as they stand are sampled in evaluations alone.
  const draws = <T>(value: T): T | null => (isSampled || spec.evalSamples > 0 ? value : null);
  const { schedule } = h;
  const { agent } = spec;
  const usual = agent === undefined ? settingDefaults.advantage : settingDefaults.agent_advantage;
  const estimator = spec.advantage?.estimator ?? usual;
  const ifRead = <T>(name: keyof typeof AGENT_READERS, value: T): T | null =>
    AGENT_READERS[name].includes(estimator) ? value : null;
  return {
    group_size: isSampled ? spec.groupSize : null,
    groups_per_step: spec.groupsPerStep,
    steps: spec.steps,
    temperature: draws(h.temperature),
    top_k: draws(filters?.topK ?? settingDefaults.top_k),
    top_p: draws(filters?.topP ?? settingDefaults.top_p),
    min_p: draws(filters?.minP ?? settingDefaults.min_p),
    max_new_tokens: draws(spec.maxNewTokens),
    learning_rate: h.learningRate,
    learning_rate_schedule: schedule?.shape ?? settingDefaults.learning_rate_schedule,
    warmup_steps: schedule?.warmupSteps ?? settingDefaults.warmup_steps,
    min_learning_rate_share: schedule?.minShare ?? settingDefaults.min_learning_rate_share,
    loss: isSampled ? (request.x_residency?.loss ?? settingDefaults.loss) : methodOf(spec),
    dpo_beta: h.dpoBeta ?? null,
    advantage: isSampled ? estimator : null,
    std_floor: spec.advantage?.stdFloor ?? null,
    objective_weights: spec.advantage?.objectiveWeights ?? null,
    // Of preferences each pair weighs as much.
    aggregation: methodOf(spec) === 'dpo' ? null : (h.aggregation ?? settingDefaults.aggregation),
    fixed_length: h.fixedLength ?? null,
    kl_coefficient: isSampled ? h.klCoefficient : null,
    kl_estimator: h.klCoefficient === 0 ? null : (h.klEstimator ?? settingDefaults.kl_estimator),
    entropy_coefficient: isSampled ? (h.entropyCoefficient ?? settingDefaults.entropy_coefficient) : null,
    clip_low: isClipped ? h.clipLow : null,
    clip_high: isClipped ? h.clipHigh : null,
    dual_clip: h.dualClip ?? null,
    importance: h.importance ?? null,
    importance_cap: h.importanceCap ?? null,
    max_grad_norm: h.maxGradNorm,
    weight_decay: h.weightDecay,
    eval_samples: spec.evalSamples,
    eval_interval: isEvaluated(spec) ? (spec.evalInterval ?? spec.steps) : null,
    ...(agent && {
      agent: {
        environment: agent.environment,
        form: agent.form,
        prompt_style: agent.promptStyle,
        history: agent.form === 'steps' || estimator === 'hgpo' ? agent.history : null,
        max_turns: agent.maxTurns,
        gamma: ifRead('gamma', agent.gamma),
        omega: ifRead('omega', agent.omega),
        invalid_penalty: agent.invalidPenalty,
        normalisation: ifRead('normalisation', agent.normalisation),
        similarity: agent.similarity ?? null,
      },
    }),
    trains: spec.trains ?? 'lora',
    lora: spec.trains === 'full' ? null : { rank: spec.loraRank, alpha: spec.loraAlpha },
  };
}
