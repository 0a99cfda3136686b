import { LOSS_PRESET_NAMES, LOSS_PRESETS } from '@residency/algorithms';
import {
  type CreateJobRequest,
  compileCheck,
  createJobSchema,
  type JobSpec,
  ResidencyError,
  type ResidencyRequest,
  resolveJobSpec,
  settingDefaults,
} from '@residency/protocol';
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
    [{ ...base, method: { type: 'distil' } }, 'type'],
    [{ ...base, method: { type: 'dpo', dpo: { hyperparameters: { beta: 0 } } } }, 'beta'],
    [withHyperparameters({ batch_size: 0 }), 'batch_size'],
    [withHyperparameters({ batchsize: 1 }), 'hyperparameters'],
    [{ ...base, x_residency: { group_size: 1 } }, 'group_size'],
    [{ ...base, x_residency: { lora: { rank: 1.5 } } }, 'rank'],
    [{ ...base, x_residency: { loss: 'ppo2' } }, 'loss'],
    [{ ...base, x_residency: { loss: 'toString' } }, 'loss'],
    [{ ...base, x_residency: { aggregation: 'median' } }, 'aggregation'],
    [{ ...base, x_residency: { kl_estimator: 'k4' } }, 'kl_estimator'],
    [{ ...base, x_residency: { importance: 'group' } }, 'importance'],
    [{ ...base, x_residency: { importance_cap: 0 } }, 'importance_cap'],
    [{ ...base, x_residency: { dual_clip: 1 } }, 'dual_clip'],
    [{ ...base, x_residency: { fixed_length: 0 } }, 'fixed_length'],
    [{ ...base, x_residency: { entropy_coefficient: -1 } }, 'entropy_coefficient'],
    [{ ...base, x_residency: { learning_rate_schedule: 'step' } }, 'learning_rate_schedule'],
    [{ ...base, x_residency: { warmup_steps: 0.5 } }, 'warmup_steps'],
    [{ ...base, x_residency: { min_learning_rate_share: 1.1 } }, 'min_learning_rate_share'],
    [{ ...base, x_residency: { top_k: -1 } }, 'top_k'],
    [{ ...base, x_residency: { top_p: 0 } }, 'top_p'],
    [{ ...base, x_residency: { min_p: 2 } }, 'min_p'],
  ])('refuses a request out of range and says where (%#)', (request, place) => {
    const outcome = check(request);

    expect(outcome.ok).toBe(false);
    if (!outcome.ok) expect(outcome.problem).toContain(place);
  });
});

const sources = { training, validation: null, start: { model: 'tiny', parent: null } };

describe('resolveJobSpec', () => {
  it('fills in every documented default', () => {
    expect(resolveJobSpec(base, sources)).toEqual({
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

    const fromOpenai = resolveJobSpec(request, sources);
    const fromBoth = resolveJobSpec(
      { ...request, x_residency: { groups_per_step: 5, steps: 9, eval_samples: 0, learning_rate: 0.01 } },
      sources,
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

    const resolved = resolveJobSpec(withHyperparameters(auto) as unknown as CreateJobRequest, sources);

    expect(resolved).toEqual({ ...resolveJobSpec(base, sources), grader: {} });
  });
});

describe('when a run is evaluated', () => {
  const resolve = (own: ResidencyRequest, openai: Record<string, unknown> = {}): JobSpec =>
    resolveJobSpec(
      { ...(withHyperparameters(openai) as unknown as CreateJobRequest), x_residency: own },
      sources,
    );

  it('is before and after training, and between where an interval says so', () => {
    expect(resolve({ eval_interval: 2 })).toMatchObject({ evalSamples: 4, evalInterval: 2 });
    expect(resolve({}, { eval_interval: 1 })).toMatchObject({ evalSamples: 4, evalInterval: 1 });
    expect(resolve({ eval_samples: 0 }, { eval_interval: 'auto' })).toMatchObject({ evalSamples: 0 });
  });

  it('is by the loss of the validation rows where nothing grades samples', () => {
    const request: CreateJobRequest = { ...base, method: { type: 'supervised' }, validation_file: 'file-2' };
    const held = { ...sources, validation: { ...training, fileId: 'file-2' } };

    expect(resolveJobSpec({ ...request, x_residency: { eval_interval: 2 } }, held)).toMatchObject({
      evalSamples: 0,
      evaluates: 'loss',
      evalInterval: 2,
    });
    const graded = resolveJobSpec({ ...request, x_residency: { grader: { type: 'crpo' } } }, held);
    expect(graded).toMatchObject({ evalSamples: 4 });
    expect(graded.evaluates).toBeUndefined();
    const without = { ...request, validation_file: null };
    expect(resolveJobSpec(without, sources).evaluates).toBeUndefined();
    expect(() => resolveJobSpec({ ...without, x_residency: { eval_interval: 2 } }, sources)).toThrow(
      expect.objectContaining({
        param: 'x_residency.eval_interval',
        message: expect.stringContaining('found 2 without a grader and a validation_file'),
      }),
    );
  });

  it.each([
    [{ eval_samples: 0, eval_interval: 2 }, {}, 'x_residency.eval_interval'],
    [{ eval_samples: 0, eval_interval: 3 }, {}, 'x_residency.eval_interval'],
    [{ eval_samples: 0 }, { eval_interval: 2 }, 'method.reinforcement.hyperparameters.eval_interval'],
  ])('refuses an interval of no evaluations: %j %j', (own, openai, param) => {
    expect(() => resolve(own, openai)).toThrow(
      expect.objectContaining({
        code: 'invalid_request',
        param,
        message: expect.stringMatching(
          /: found [23] with eval_samples 0, wanted eval_samples of at least 1$/,
        ),
      }),
    );
  });
});

describe('what a run learns with', () => {
  const resolve = (own: ResidencyRequest): JobSpec => {
    expect(check({ ...base, x_residency: own })).toMatchObject({ ok: true });
    return resolveJobSpec({ ...base, x_residency: own }, sources);
  };
  const plain = resolveJobSpec(base, sources);
  const refusal = (own: ResidencyRequest): ResidencyError => {
    try {
      resolve(own);
    } catch (error) {
      if (error instanceof ResidencyError) return error;
      throw error;
    }
    throw new Error(`nothing was refused of ${JSON.stringify(own)}`);
  };

  it('is the same, key by key, where settings say what their defaults say', () => {
    const said = resolve({
      loss: 'ppo',
      aggregation: 'token-mean',
      entropy_coefficient: 0,
      learning_rate_schedule: 'constant',
      warmup_steps: 0,
      top_k: 0,
      top_p: 1,
      min_p: 0,
    });

    expect(JSON.stringify(said)).toBe(JSON.stringify(plain));
  });

  it('has the numbers of the loss that runs have without a choice as defaults', () => {
    const { clip, kl, estimator, aggregation } = LOSS_PRESETS[settingDefaults.loss];

    expect(clip).toEqual({ low: settingDefaults.clip_low, high: settingDefaults.clip_high });
    expect([kl, estimator, aggregation]).toEqual([null, 'ppo', settingDefaults.aggregation]);
    expect(settingDefaults.kl_coefficient).toBe(0);
  });

  it.each([
    ['grpo', { klCoefficient: 0.04, aggregation: 'seq-mean-token-mean' }],
    ['dapo', { clipHigh: 0.28 }],
    ['dr_grpo', { aggregation: 'fixed-length', fixedLength: 256 }],
    ['gspo', { clipLow: 3e-4, clipHigh: 4e-4, estimator: 'gspo', aggregation: 'seq-mean-token-mean' }],
    ['cispo', { clipLow: 1, estimator: 'cispo' }],
    ['reinforce', { estimator: 'reinforce', aggregation: 'seq-mean-token-sum' }],
  ] as const)('is what the paper says: %s', (loss, change) => {
    expect(resolve({ loss })).toEqual({
      ...plain,
      hyperparameters: { ...plain.hyperparameters, ...change },
    });
  });

  it('takes every preset', () => {
    for (const loss of LOSS_PRESET_NAMES) expect(() => resolve({ loss })).not.toThrow();
  });

  it('lets a setting win over the number of the preset', () => {
    const { hyperparameters } = resolve({
      loss: 'grpo',
      aggregation: 'fixed-length',
      fixed_length: 64,
      kl_coefficient: 0.5,
      kl_estimator: 'k2',
      entropy_coefficient: 0.01,
      clip_high: 0.3,
      dual_clip: 3,
      importance: 'token',
    });

    expect(hyperparameters).toEqual({
      ...plain.hyperparameters,
      estimator: 'ppo_dual_clip',
      aggregation: 'fixed-length',
      fixedLength: 64,
      klCoefficient: 0.5,
      klEstimator: 'k2',
      entropyCoefficient: 0.01,
      clipHigh: 0.3,
      dualClip: 3,
      importance: 'token',
      importanceCap: 2,
    });
    expect(resolve({ loss: 'grpo', kl_coefficient: 0 }).hyperparameters.klCoefficient).toBe(0);
    expect(resolve({ importance: 'sequence', importance_cap: 5 }).hyperparameters.importanceCap).toBe(5);
  });

  it('has a schedule over the steps of the run', () => {
    const scheduled = (own: ResidencyRequest) => resolve(own).hyperparameters.schedule;

    expect(scheduled({ learning_rate_schedule: 'cosine', steps: 40, warmup_steps: 4 })).toEqual({
      shape: 'cosine',
      warmupSteps: 4,
      totalSteps: 40,
      minShare: 0,
    });
    // 20 rows, 8 groups a step: three steps.
    expect(scheduled({ learning_rate_schedule: 'linear', min_learning_rate_share: 0.1 })).toEqual({
      shape: 'linear',
      warmupSteps: 0,
      totalSteps: 3,
      minShare: 0.1,
    });
    expect(scheduled({ warmup_steps: 2 })).toMatchObject({ shape: 'constant', warmupSteps: 2 });
  });

  it('scores the old policy where sampling leaves something out', () => {
    const filtered = resolve({ top_p: 0.9, top_k: 40 });

    expect(filtered).toEqual({
      ...plain,
      filters: { topK: 40, topP: 0.9 },
      hyperparameters: { ...plain.hyperparameters, oldLogprobs: 'scored' },
    });
    expect(resolve({ min_p: 0.05 }).filters).toEqual({ minP: 0.05 });
  });

  it.each([
    [{ fixed_length: 9 }, 'fixed_length', 'found 9 with aggregation token-mean, wanted fixed-length'],
    [{ kl_estimator: 'k1' }, 'kl_estimator', 'found "k1" with kl_coefficient 0'],
    [{ loss: 'grpo', kl_coefficient: 0, kl_estimator: 'k1' }, 'kl_estimator', 'wanted a kl_coefficient'],
    [
      { loss: 'gspo', dual_clip: 3 },
      'dual_clip',
      'found 3 with loss gspo, wanted ppo, grpo, dapo or dr_grpo',
    ],
    [{ loss: 'reinforce', clip_low: 0.1 }, 'clip_low', 'found 0.1 with loss reinforce, which has no clip'],
    [{ loss: 'reinforce', clip_high: 0.1 }, 'clip_high', 'which has no clip'],
    [{ importance_cap: 2 }, 'importance_cap', 'found 2 without importance, wanted token or sequence'],
    [{ warmup_steps: 4 }, 'warmup_steps', 'found 4, wanted at most the 3 steps of the run'],
    [
      { min_learning_rate_share: 0.1 },
      'min_learning_rate_share',
      'found 0.1 with a constant learning rate, wanted linear or cosine',
    ],
  ] as const)('refuses what nothing would read: %j', (own, name, text) => {
    const error = refusal(own);

    expect(error).toMatchObject({ code: 'invalid_request', param: `x_residency.${name}` });
    expect(error.message).toContain(`x_residency.${name}: `);
    expect(error.message).toContain(text);
  });
});
