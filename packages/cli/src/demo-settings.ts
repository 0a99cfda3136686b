import type { CreateJobRequest, ResidencyRequest } from '@residency/protocol';

/** What the demonstration trains with; sizes are set by its options, the rest is fixed. */
export interface DemoSettings {
  readonly model: string;
  readonly seed: number;
  readonly steps: number;
  readonly trainingCases: number;
  readonly heldOutCases: number;
}

/** Sizes of a demonstration of a few minutes on two cores. */
export const demoDefaults: DemoSettings = {
  model: 'intern',
  seed: 7,
  steps: 30,
  trainingCases: 512,
  heldOutCases: 200,
};

/** Tempered samples per held-out case: accuracy is reported as their mean, avg@8. */
export const EVAL_SAMPLES = 8;

const training: ResidencyRequest = {
  group_size: 8,
  groups_per_step: 16,
  temperature: 1,
  max_new_tokens: 160,
  learning_rate: 2e-3,
  kl_coefficient: 0.001,
  clip_low: 0.2,
  clip_high: 0.28,
  max_grad_norm: 1,
  weight_decay: 0,
  eval_samples: EVAL_SAMPLES,
  lora: { rank: 16, alpha: 32 },
};

/** The job that the demonstration submits, as any client would. */
export function demoJob(settings: DemoSettings, trainingFile: string, heldOutFile: string): CreateJobRequest {
  return {
    model: settings.model,
    training_file: trainingFile,
    validation_file: heldOutFile,
    suffix: 'demo',
    seed: settings.seed,
    method: {
      type: 'reinforcement',
      reinforcement: {
        grader: {
          type: 'crpo',
          name: 'clinical_reasoning',
          profile: 'crpo-paper',
          crossref: 'lexical',
          verifier: 'bedside',
        },
      },
    },
    x_residency: { ...training, steps: settings.steps },
  };
}
