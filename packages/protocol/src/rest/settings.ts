import type { DatasetRef, JobSpec } from '../job-spec.js';
import type { Auto, CreateJobRequest } from './create-job.js';
import { resolveFilters, resolveLoss, resolveSchedule } from './learning-settings.js';
import { settingDefaults } from './setting-defaults.js';

const chosen = (value: Auto<number> | undefined): number | undefined =>
  value === 'auto' ? undefined : value;

/**
 * A request with every default filled in. The platform's own keys win over OpenAI's: `groups_per_step` over
 * `batch_size`, `steps` over `n_epochs`, `x_residency.eval_samples` over `eval_samples`; the learning rate is
 * multiplied by `learning_rate_multiplier`; settings of the loss win over the numbers of its preset. Without `steps`,
 * all epochs together take ceil(epochs * rows / groups_per_step) steps. Samples of a filtered distribution have
 * log-probabilities that the learner cannot compare its own with, so that with a filter it scores the old policy.
 * @throws ResidencyError `invalid_request` naming a setting that does not go with the others
 */
export function resolveJobSpec(
  request: CreateJobRequest,
  training: DatasetRef,
  validation: DatasetRef | null,
): JobSpec {
  const own = request.x_residency ?? {};
  const openai = request.method.reinforcement.hyperparameters ?? {};
  const preset = settingDefaults;
  const groupsPerStep = own.groups_per_step ?? chosen(openai.batch_size) ?? preset.groups_per_step;
  const epochs = chosen(openai.n_epochs) ?? preset.n_epochs;
  const multiplier = chosen(openai.learning_rate_multiplier) ?? preset.learning_rate_multiplier;
  const steps = own.steps ?? Math.ceil((epochs * training.rows) / groupsPerStep);
  const maxNewTokens = own.max_new_tokens ?? preset.max_new_tokens;
  const { clipLow, clipHigh, klCoefficient, ...loss } = resolveLoss(own, maxNewTokens);
  const schedule = resolveSchedule(own, steps);
  const filters = resolveFilters(own);
  return {
    model: request.model,
    training,
    validation,
    seed: request.seed ?? preset.seed,
    grader: request.method.reinforcement.grader,
    groupSize: own.group_size ?? preset.group_size,
    groupsPerStep,
    steps,
    maxNewTokens,
    ...(filters && { filters }),
    evalSamples: own.eval_samples ?? chosen(openai.eval_samples) ?? preset.eval_samples,
    loraRank: own.lora?.rank ?? preset.lora_rank,
    loraAlpha: own.lora?.alpha ?? preset.lora_alpha,
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
      ...(filters && { oldLogprobs: 'scored' }),
      ...(schedule && { schedule }),
    },
  };
}
