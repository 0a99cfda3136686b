import { type CreateJobRequest, compileCheck, createJobSchema, resolveJobSpec } from '@residency/protocol';
import { describe, expect, it } from 'vitest';

const check = compileCheck<CreateJobRequest>(createJobSchema);
const base: CreateJobRequest = {
  model: 'tiny',
  training_file: 'file-1',
  method: { type: 'reinforcement', reinforcement: { grader: { type: 'crpo' } } },
};
const training = { fileId: 'file-1', sha256: 'a'.repeat(64), rows: 20 };
const withHyperparameters = (hyperparameters: Record<string, unknown>) => ({
  ...base,
  method: { type: 'reinforcement', reinforcement: { grader: {}, hyperparameters } },
});

describe('the schema of a job request', () => {
  it('accepts the least and the most that a request can say', () => {
    const most = {
      ...withHyperparameters({
        batch_size: 'auto',
        n_epochs: 3,
        learning_rate_multiplier: 0.5,
        eval_samples: 2,
      }),
      validation_file: null,
      suffix: 'ward-7',
      seed: 0,
      metadata: { owner: 'icu' },
      x_residency: { steps: 1, lora: { rank: 4 } },
    };

    expect(check(base).ok).toBe(true);
    expect(check(most)).toMatchObject({ ok: true });
  });

  it.each([
    [{ ...base, modell: 'x' }, 'modell'],
    [{ ...base, seed: 2 ** 31 }, 'seed'],
    [{ ...base, seed: '7' }, 'seed'],
    [{ ...base, suffix: 'a b' }, 'suffix'],
    [{ ...base, metadata: { a: 1 } }, 'metadata'],
    [{ ...base, method: { type: 'supervised' } }, 'method'],
    [withHyperparameters({ batch_size: 0 }), 'batch_size'],
    [withHyperparameters({ batchsize: 1 }), 'hyperparameters'],
    [{ ...base, x_residency: { group_size: 1 } }, 'group_size'],
    [{ ...base, x_residency: { lora: { rank: 1.5 } } }, 'rank'],
  ])('refuses a request out of range and says where (%#)', (request, place) => {
    const outcome = check(request);

    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(outcome.problem).toContain(place);
  });
});

describe('resolveJobSpec', () => {
  it('fills in every documented default', () => {
    expect(resolveJobSpec(base, training, null)).toEqual({
      model: 'tiny',
      training,
      validation: null,
      seed: 0,
      grader: { type: 'crpo' },
      groupSize: 8,
      groupsPerStep: 8,
      steps: 3,
      maxNewTokens: 256,
      evalSamples: 4,
      loraRank: 8,
      loraAlpha: 16,
      hyperparameters: {
        learningRate: 1e-4,
        adamBeta1: 0.9,
        adamBeta2: 0.999,
        adamEpsilon: 1e-8,
        weightDecay: 0,
        maxGradNorm: 1,
        clipLow: 0.2,
        clipHigh: 0.2,
        klCoefficient: 0,
        temperature: 1,
      },
    });
  });

  it('reads OpenAI hyperparameters, and lets the platform keys win over them', () => {
    const openai = { batch_size: 4, n_epochs: 2, learning_rate_multiplier: 3, eval_samples: 7 };
    const request = withHyperparameters(openai) as unknown as CreateJobRequest;

    const fromOpenai = resolveJobSpec(request, training, null);
    const fromBoth = resolveJobSpec(
      { ...request, x_residency: { groups_per_step: 5, steps: 9, eval_samples: 0, learning_rate: 0.01 } },
      training,
      null,
    );

    expect(fromOpenai).toMatchObject({ groupsPerStep: 4, steps: 10, evalSamples: 7 });
    expect(fromOpenai.hyperparameters.learningRate).toBeCloseTo(3e-4, 12);
    expect(fromBoth).toMatchObject({ groupsPerStep: 5, steps: 9, evalSamples: 0 });
    expect(fromBoth.hyperparameters.learningRate).toBeCloseTo(0.03, 12);
  });

  it('treats auto as left out', () => {
    const auto = {
      batch_size: 'auto',
      n_epochs: 'auto',
      learning_rate_multiplier: 'auto',
      eval_samples: 'auto',
    };

    const resolved = resolveJobSpec(withHyperparameters(auto) as unknown as CreateJobRequest, training, null);

    expect(resolved).toEqual({ ...resolveJobSpec(base, training, null), grader: {} });
  });
});
