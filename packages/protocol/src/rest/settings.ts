import { ResidencyError } from '../errors.js';
import {
  type DatasetRef,
  type JobMethod,
  type JobSpec,
  learnsFromSamples,
  type ParentPolicy,
  type RunHyperparameters,
} from '../job-spec.js';
import { resolveAgent } from './agent-settings.js';
import type { CreateJobRequest } from './create-job.js';
import { resolveEvaluation } from './evaluation-settings.js';
import { resolveAdvantage, resolveFilters, resolveLoss, resolveSchedule } from './learning-settings.js';
import { chosen, type MethodSettings, methodSettings } from './method-settings.js';
import { settingDefaults } from './setting-defaults.js';

/** Where a run begins: the base model, and the version of another run that it goes on from. */
export interface StartingPoint {
  readonly model: string;
  readonly parent: (ParentPolicy & Pick<JobSpec, 'loraRank' | 'loraAlpha' | 'trains'>) | null;
}

/** What a run is made of beside its request. */
export interface JobSources {
  readonly training: DatasetRef;
  readonly validation: DatasetRef | null;
  readonly start: StartingPoint;
}

/** What the objectives beside `policy` read. */
const OBJECTIVE: {
  readonly [M in JobMethod]: (settings: MethodSettings) => Partial<RunHyperparameters>;
} = {
  reinforcement: () => ({}),
  agent: () => ({}),
  supervised: () => ({ objective: 'supervised' }),
  dpo: ({ hyperparameters }) => ({
    objective: 'dpo',
    dpoBeta: chosen(hyperparameters.beta) ?? settingDefaults.dpo_beta,
  }),
};

/**
 * A request with every default filled in. The platform's own keys win over OpenAI's: `groups_per_step` over
 * `batch_size`, `steps` over `n_epochs`, `x_residency.eval_samples` over `eval_samples`; the learning rate is
 * multiplied by `learning_rate_multiplier`; settings of the loss win over the numbers of its preset. Without `steps`,
 * all epochs together take ceil(epochs * rows / groups_per_step) steps. Samples of a filtered distribution have
 * log-probabilities that the learner cannot compare its own with, so that with a filter it scores the old policy.
 * A run that goes on from another has the shape of its adapter. Demonstrations and preferences are learned at temperature 1.
 * @throws ResidencyError `invalid_request` naming a setting that does not go with the others
 */
export function resolveJobSpec(
  request: CreateJobRequest,
  { training, validation, start }: JobSources,
): JobSpec {
  const own = request.x_residency ?? {};
  const settings = methodSettings(request);
  const { method, grader, agent, hyperparameters: openai } = settings;
  const preset = settingDefaults;
  const groupsPerStep = own.groups_per_step ?? chosen(openai.batch_size) ?? preset.groups_per_step;
  const epochs = chosen(openai.n_epochs) ?? preset.n_epochs;
  const multiplier = chosen(openai.learning_rate_multiplier) ?? preset.learning_rate_multiplier;
  const steps = own.steps ?? Math.ceil((epochs * training.rows) / groupsPerStep);
  const maxNewTokens = own.max_new_tokens ?? preset.max_new_tokens;
  const { clipLow, clipHigh, klCoefficient, ...loss } = resolveLoss(own, maxNewTokens);
  const schedule = resolveSchedule(own, steps);
  const filters = resolveFilters(own);
  const advantage = resolveAdvantage(own, method);
  const evaluation = resolveEvaluation(own, settings, { steps, validation });
  const { parent } = start;
  const trains = parent === null ? (own.trains ?? 'lora') : (parent.trains ?? 'lora');
  if (trains === 'full' && own.lora !== undefined) {
    throw new ResidencyError(
      'invalid_request',
      'x_residency.lora: found it where all weights are trained, wanted nothing',
      { param: 'x_residency.lora' },
    );
  }
  return {
    ...(method !== 'reinforcement' && { method }),
    model: start.model,
    ...(parent && { parent: { jobId: parent.jobId, version: parent.version, sha256: parent.sha256 } }),
    training,
    validation,
    seed: request.seed ?? preset.seed,
    ...(agent && { agent: resolveAgent(agent, advantage) }),
    grader: grader?.spec ?? null,
    ...(advantage && { advantage }),
    groupSize: own.group_size ?? preset.group_size,
    groupsPerStep,
    steps,
    maxNewTokens,
    ...(filters && { filters }),
    ...evaluation,
    loraRank: parent?.loraRank ?? own.lora?.rank ?? preset.lora_rank,
    loraAlpha: parent?.loraAlpha ?? own.lora?.alpha ?? preset.lora_alpha,
    ...(trains === 'full' && { trains }),
    hyperparameters: {
      learningRate: (own.learning_rate ?? preset.learning_rate) * multiplier,
      adamBeta1: 0.9,
      adamBeta2: 0.999,
      adamEpsilon: 1e-8,
      weightDecay: own.weight_decay ?? preset.weight_decay,
      maxGradNorm: own.max_grad_norm ?? preset.max_grad_norm,
      clipLow,
      clipHigh,
      klCoefficient,
      temperature: own.temperature ?? preset.temperature,
      ...loss,
      ...(filters && learnsFromSamples(method) && { oldLogprobs: 'scored' }),
      ...(schedule && { schedule }),
      ...OBJECTIVE[method](settings),
    },
  };
}
