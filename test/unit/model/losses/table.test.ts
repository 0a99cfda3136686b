import { AGGREGATIONS, LOSS_PRESETS, negativeLogLikelihood, type PresetRow } from '@residency/algorithms';
import { createLocalRunner, sym, trace } from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { PAIRED_SEQUENCES } from '../../../../packages/model/src/losses/dpo.js';
import { LOSS_SUMS } from '../../../../packages/model/src/losses/loss.js';
import type { LossNumbers } from '../../../../packages/model/src/losses/numbers.js';
import {
  buildLoss,
  inputsOf,
  type LossSpec,
  lossInputs,
  lossKey,
  needsEntropy,
  needsReference,
} from '../../../../packages/model/src/losses/table.js';
import { interpretLoss, lossProgram, runLoss } from '../../../support/loss-program.js';
import { POLICY_SPECS } from '../../../support/policy-batch.js';

const POLICY = { kind: 'policy', estimator: 'ppo', kl: null, entropy: false, correction: null } as const;
const SPECS: readonly LossSpec[] = [...POLICY_SPECS, { kind: 'supervised' }, { kind: 'dpo' }];
const NUMBERS: LossNumbers = {
  clipLow: 0.25,
  clipHigh: 0.5,
  dualClip: 3,
  importanceCap: 2,
  klCoefficient: 0.125,
  entropyCoefficient: 0.0625,
  dpoBeta: 0.5,
  labelSmoothing: 0.25,
};

describe('the table of losses', () => {
  it('names programs: one key per choice, stable', () => {
    expect(new Set(SPECS.map(lossKey)).size).toBe(SPECS.length);
    expect(lossKey({ ...POLICY, estimator: 'gspo', kl: 'k3', entropy: true, correction: 'token' })).toBe(
      'policy:gspo:kl-k3:entropy:importance-token',
    );
    expect(lossKey(POLICY)).toBe('policy:ppo');
  });

  it('declares exactly the inputs that programs read, and reports sums of known kinds', () => {
    for (const spec of SPECS) {
      const program = lossProgram(spec, spec.kind === 'dpo' ? PAIRED_SEQUENCES : sym('B'));
      const { tokens, pairs, scalars } = inputsOf(spec);
      const context = ['logprobs', 'mask', 'weights', ...(needsEntropy(spec) ? ['entropies'] : [])];

      expect(program.inputs.map((p) => p.attrs.name).sort(), lossKey(spec)).toEqual(
        [...context, ...tokens, ...pairs, ...scalars].sort(),
      );
      expect(Object.keys(lossInputs(spec, NUMBERS)).sort()).toEqual([...scalars].sort());
      expect(needsReference(spec)).toBe(tokens.includes('referenceLogprobs'));
      const sums = Object.keys(program.outputs).filter((key) => !key.startsWith('grad:'));
      expect(sums.filter((key) => !Object.hasOwn(LOSS_SUMS, key))).toEqual([]);
      expect(sums).toContain('loss');
    }
  });

  it('turns numbers into scalars', () => {
    const spec = {
      ...POLICY,
      estimator: 'ppo_dual_clip',
      kl: 'k1',
      entropy: true,
      correction: 'token',
    } as const;
    const values = Object.fromEntries(Object.entries(lossInputs(spec, NUMBERS)).map(([k, v]) => [k, v[0]]));
    expect(values).toEqual({
      ratioMin: 0.75,
      ratioMax: 1.5,
      dualClip: 3,
      klCoefficient: 0.125,
      entropyCoefficient: 0.0625,
      importanceCap: 2,
    });
    expect(lossInputs({ kind: 'dpo' }, NUMBERS)).toEqual({
      dpoBeta: Float32Array.of(0.5),
      labelSmoothing: Float32Array.of(0.25),
    });
  });

  const badNumbers = [
    [POLICY, { clipLow: 1.5 }, 'clipLow is 1.5, want a number in [0, 1]'],
    [POLICY, { clipHigh: Number.NaN }, 'clipHigh is NaN, want a number of at least 0'],
    [{ ...POLICY, estimator: 'ppo_dual_clip' }, { dualClip: 1 }, 'dualClip is 1, want a number above 1'],
    [{ ...POLICY, kl: 'k2' }, { klCoefficient: -1 }, 'klCoefficient is -1'],
    [{ ...POLICY, entropy: true }, { entropyCoefficient: Number.POSITIVE_INFINITY }, 'entropyCoefficient is'],
    [
      { ...POLICY, correction: 'sequence' },
      { importanceCap: 0 },
      'importanceCap is 0, want a number above 0',
    ],
    [{ kind: 'dpo' }, { dpoBeta: 0 }, 'dpoBeta is 0'],
    [{ kind: 'dpo' }, { labelSmoothing: 0.5 }, 'labelSmoothing is 0.5, want a number in [0, 0.5)'],
  ] as const satisfies readonly (readonly [LossSpec, Partial<LossNumbers>, string])[];

  it.each(badNumbers)('%j refuses %j', (spec, change, message) => {
    const call = (): unknown => lossInputs(spec, { ...NUMBERS, ...change });
    expect(call).toThrow(message);
    expect(call).toThrow(expect.objectContaining({ code: 'MODEL_REQUEST' }));
  });

  it('asks for numbers that are missing, and not for those of other losses', () => {
    expect(() => lossInputs(POLICY, { clipLow: 0.2 })).toThrow('clipHigh is missing');
    expect(lossInputs({ kind: 'supervised' }, {})).toEqual({});
  });

  const badSpecs = [
    [{ kind: 'ppo' }, 'loss kind is ppo, want one of: policy, supervised, dpo'],
    [{ ...POLICY, estimator: 'trpo' }, 'loss estimator is trpo, want one of: ppo, '],
    [{ ...POLICY, kl: 'k4' }, 'loss kl is k4, want one of: k1, '],
    [{ ...POLICY, correction: 'word' }, 'loss correction is word, want one of: token, sequence'],
    [{ ...POLICY, entropy: 1 }, 'loss entropy is 1, want true or false'],
    [{ ...POLICY, kl: undefined }, 'loss kl is undefined'],
  ] as const;

  it.each(badSpecs)('refuses %j', (spec, message) => {
    const outside = spec as unknown as LossSpec; // as it comes from outside
    expect(() => lossKey(outside)).toThrow(message);
    expect(() => lossProgram(outside)).toThrow(expect.objectContaining({ code: 'MODEL_REQUEST' }));
  });

  it('refuses an entropy bonus on tokens without entropies', () => {
    const build = (): unknown =>
      trace('bare', (t) => {
        const shape = [sym('B'), sym('S')] as const;
        const [logprobs, mask, weights] = [t.input('l', shape), t.input('m', shape), t.input('w', shape)];
        const spec = { ...POLICY, entropy: true };
        return { y: buildLoss(t, { logprobs, entropy: null, mask, weights, shape }, spec).total };
      });
    expect(build).toThrow('loss entropy is true, want tokens with entropies');
  });
});

describe('presets', () => {
  const specOf = ({ estimator, kl }: PresetRow): LossSpec => ({
    ...POLICY,
    estimator,
    kl: kl?.estimator ?? null,
  });
  const numbersOf = ({ clip, kl }: PresetRow): Partial<LossNumbers> => ({
    ...(clip && { clipLow: clip.low, clipHigh: clip.high }),
    ...(kl && { klCoefficient: kl.coefficient }),
  });

  it('are complete: known losses, aggregations, and all numbers that they need', () => {
    for (const row of Object.values(LOSS_PRESETS)) {
      expect(AGGREGATIONS).toContain(row.aggregation);
      const values = Object.values(lossInputs(specOf(row), numbersOf(row)));
      expect(values.length).toBe(Object.keys(numbersOf(row)).length);
    }
  });

  it('differ from grpo as their papers say', () => {
    const { dapo, cispo, grpo } = LOSS_PRESETS;

    expect(dapo.clip?.high).toBeGreaterThan(dapo.clip?.low ?? 1);
    expect(lossInputs(specOf(cispo), numbersOf(cispo)).ratioMin).toEqual(Float32Array.of(0));
    expect(Object.values(LOSS_PRESETS).filter((row) => needsReference(specOf(row)))).toEqual([grpo]);
  });
});

describe('the supervised loss', () => {
  it('is the weighted negative log-likelihood, whose gradient is minus the weights', async () => {
    const run = {
      program: lossProgram({ kind: 'supervised' }),
      spec: { kind: 'supervised' } as const,
      feeds: {
        logprobs: [-1, -2, -3, -1e4, -0.5, Number.NaN],
        mask: [1, 1, 1, 1, 1, 0],
        weights: [0.5, 0, 2, 0.25, -1, Number.NaN],
      },
      numbers: {},
      sizes: { B: 2, S: 3 },
    };
    const want = negativeLogLikelihood(
      [
        [-1, -2, -3],
        [-1e4, -0.5],
      ],
      [
        [0.5, 0, 2],
        [0.25, -1, 0],
      ],
    );
    const runner = createLocalRunner();
    const outs = [interpretLoss(run), await runLoss(runner, run)];
    await runner.close();

    for (const out of outs) {
      expect(out['loss']).toEqual([want]);
      expect(out['nll']).toEqual([want]);
      expect(out['logprob']).toEqual([-10_006.5]);
      expect(out['grad:logprobs']?.map((v) => v + 0)).toEqual([-0.5, 0, -2, -0.25, 1, 0]);
    }
  });
});
