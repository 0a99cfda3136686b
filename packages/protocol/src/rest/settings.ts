import type { DatasetRef, JobSpec } from '../job-spec.js';
import type { Auto, CreateJobRequest } from './create-job.js';

/** Defaults of the reinforcement method; README and job objects show the values in force. */
export const settingDefaults = {
  seed: 0,
  group_size: 8,
  groups_per_step: 8,
  n_epochs: 1,
  temperature: 1,
  max_new_tokens: 256,
  learning_rate: 1e-4,
  learning_rate_multiplier: 1,
  kl_coefficient: 0,
  clip_low: 0.2,
  clip_high: 0.2,
  max_grad_norm: 1,
  weight_decay: 0,
  eval_samples: 4,
  lora_rank: 8,
  lora_alpha: 16,
} as const;

const chosen = (value: Auto<number> | undefined): number | undefined =>
  value === 'auto' ? undefined : value;

/**
 * A request with every default filled in. The platform's own keys win over OpenAI's: `groups_per_step` over
 * `batch_size`, `steps` over `n_epochs`, `x_residency.eval_samples` over `eval_samples`; the learning rate is
 * multiplied by `learning_rate_multiplier`. Without `steps`, all epochs together take ceil(epochs * rows / groups_per_step) steps.
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
  return {
    model: request.model,
    training,
    validation,
    seed: request.seed ?? preset.seed,
    grader: request.method.reinforcement.grader,
    groupSize: own.group_size ?? preset.group_size,
    groupsPerStep,
    steps: own.steps ?? Math.ceil((epochs * training.rows) / groupsPerStep),
    maxNewTokens: own.max_new_tokens ?? preset.max_new_tokens,
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
      clipLow: own.clip_low ?? preset.clip_low,
      clipHigh: own.clip_high ?? preset.clip_high,
      klCoefficient: own.kl_coefficient ?? preset.kl_coefficient,
      temperature: own.temperature ?? preset.temperature,
    },
  };
}
