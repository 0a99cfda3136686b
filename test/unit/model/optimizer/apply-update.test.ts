import { createHash } from 'node:crypto';
import {
  adamW,
  applyUpdate,
  clipScale,
  constantSchedule,
  decodeAdam,
  encodeAdam,
  GradientSum,
  initAdam,
  type NamedTensor,
  type Update,
  type UpdateRequest,
} from '@residency/model';
import { describe, expect, it } from 'vitest';
import { randomNumbers } from '../../../support/numbers.js';

const SHAPES: readonly (readonly [name: string, shape: readonly number[]])[] = [
  ['a', [5, 7]],
  ['b', [11]],
  ['c', [3, 2, 4]],
];
const adam = { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1 };

const initial = (): NamedTensor[] =>
  SHAPES.map(([name, shape], k) => ({
    name,
    shape,
    data: Float32Array.from(
      randomNumbers(
        shape.reduce((n, d) => n * d, 1),
        k + 1,
      ),
    ),
  }));

function gradientsOf(step: number, edit: (values: Float32Array) => void = () => undefined): GradientSum {
  const sum = new GradientSum(initial());
  for (let group = 0; group < 3; group++) {
    const outputs = initial().map(({ name, data }, k) => {
      const values = Float32Array.from(randomNumbers(data.length, 100 + step * 10 + group * 3 + k));
      edit(values);
      return [`grad:${name}`, values];
    });
    sum.addOutputs(Object.fromEntries(outputs));
  }
  return sum;
}

const requestOf = (step: number, before: Pick<Update, 'parameters' | 'moments'>): UpdateRequest => ({
  parameters: before.parameters,
  moments: before.moments,
  gradients: gradientsOf(step),
  tokens: 9,
  schedule: constantSchedule(0.01),
  step,
  adam,
  maxGradNorm: 1,
});

const start = (): Pick<Update, 'parameters' | 'moments'> => {
  const parameters = initial();
  return { parameters, moments: initAdam(parameters) };
};

const digest = (...parts: readonly Uint8Array[]): string =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest('hex');
const bytesOf = ({ data }: NamedTensor): Uint8Array => new Uint8Array(data.buffer);

describe('adamW', () => {
  it('has the bits that it has always had: shipped policies depend on them', () => {
    let parameters: readonly NamedTensor[] = initial();
    let state = initAdam(parameters);
    for (let step = 0; step < 4; step++) {
      const sum = gradientsOf(step);
      const scale = clipScale(sum.norm(), 1);
      const next = adamW(parameters, sum.sums, state, scale, { ...adam, learningRate: 0.01 });
      parameters = next.parameters;
      state = next.state;
    }

    expect(digest(...parameters.map(bytesOf))).toBe(
      '9ece6329a4858ff37cda2ecadb44b223e03a6fd17535e907ea3b8eaf7e257955',
    );
    expect(digest(encodeAdam(parameters, state))).toBe(
      'e0dda7c1f614d039c0cb0d4519629dc0d4c4239c16f70e65022c33aa6d7e4d68',
    );
    expect(decodeAdam(encodeAdam(parameters, state), parameters)).toEqual(state);
  });

  it('moves a parameter by the learning rate at first, against its gradient; decays matrices only', () => {
    const { parameters, moments } = start();
    const h = { ...adam, learningRate: 0.01, weightDecay: 0.5 };
    const { sums } = gradientsOf(0);
    const next = adamW(parameters, sums, moments, 1, h);

    next.parameters.forEach(({ name, data }, k) => {
      const decay = name === 'b' ? 0 : 0.01 * 0.5;
      data.forEach((value, i) => {
        const [old = Number.NaN, g = Number.NaN] = [parameters[k]?.data[i], sums[k]?.[i]];
        // After one step both corrected moments are those of one gradient.
        const move = (0.01 * g) / (Math.abs(g) + 1e-8);
        expect(value).toBeCloseTo(old * (1 - decay) - move, 7);
      });
    });
    expect(next.state.step).toBe(1);
  });
});

describe('applyUpdate', () => {
  it('clips, takes its learning rate from the schedule and says what it did', () => {
    const schedule = { ...constantSchedule(0.02), warmup: { steps: 4 }, totalSteps: 9 };
    const before = start();
    const request = { ...requestOf(1, before), schedule };
    const norm = request.gradients.norm();
    const { parameters, moments, skipped, metrics } = applyUpdate(request);
    const byHand = adamW(before.parameters, gradientsOf(1).sums, before.moments, 1 / norm, {
      ...adam,
      learningRate: 0.01,
    });

    expect(skipped).toBeNull();
    expect(parameters).toEqual(byHand.parameters);
    expect(moments).toEqual(byHand.state);
    const values = (tensors: readonly NamedTensor[]): number[] => tensors.flatMap(({ data }) => [...data]);
    const old = values(before.parameters);
    expect(metrics).toEqual({
      gradNorm: norm,
      clipScale: 1 / norm,
      learningRate: 0.01,
      updateNorm: expect.closeTo(Math.hypot(...values(parameters).map((v, i) => v - (old[i] ?? 0))), 12),
      parameterNorm: expect.closeTo(Math.hypot(...values(parameters)), 12),
    });
  });

  it('does not clip below the limit, nor where the limit is 0', () => {
    for (const maxGradNorm of [0, 1e9])
      expect(applyUpdate({ ...requestOf(0, start()), maxGradNorm }).metrics.clipScale).toBe(1);
  });

  it('leaves its request as it was and gives the same twice', () => {
    const before = start();
    const [first, second] = [1, 2].map(() => applyUpdate(requestOf(0, before)));

    expect(first).toEqual(second);
    expect(before).toEqual(start());
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    'leaves the update out where a gradient is %d, and goes on afterwards',
    (broken) => {
      const before = applyUpdate(requestOf(0, start()));
      const gradients = gradientsOf(1, (values) => values.fill(broken, 3, 4));
      const skipped = applyUpdate({ ...requestOf(1, before), gradients });

      expect(skipped.skipped).toBe('non_finite_gradients');
      expect(skipped.parameters).toBe(before.parameters);
      expect(skipped.moments).toBe(before.moments);
      expect(skipped.metrics).toMatchObject({ updateNorm: 0, clipScale: 1, learningRate: 0.01 });
      expect(skipped.metrics.parameterNorm).toBe(before.metrics.parameterNorm);
      expect(Number.isFinite(skipped.metrics.gradNorm)).toBe(false);
      expect(applyUpdate(requestOf(2, skipped))).toEqual(applyUpdate(requestOf(2, before)));
    },
  );

  it('leaves the update out of a step without tokens', () => {
    const before = start();
    const { skipped, parameters } = applyUpdate({
      ...requestOf(0, before),
      gradients: new GradientSum(initial()),
      tokens: 0,
    });

    expect(skipped).toBe('no_tokens');
    expect(parameters).toBe(before.parameters);
  });

  it.each([
    ['a parameter', { schedule: constantSchedule(1e40) }, 1],
    ['a second moment', { maxGradNorm: 0 }, 1e25],
    ['a quotient of zeros', { adam: { ...adam, epsilon: 0 } }, 0],
  ])('leaves out an update that would overflow %s', (_, change, factor) => {
    const before = start();
    const gradients = gradientsOf(0, (values) => values.set(values.map((v) => v * factor)));
    const { skipped, moments } = applyUpdate({ ...requestOf(0, before), ...change, gradients });

    expect(skipped).toBe('non_finite_update');
    expect(moments).toBe(before.moments);
  });

  it('goes on by momentum where all gradients are zero', () => {
    const before = applyUpdate(requestOf(0, start()));
    const gradients = gradientsOf(1, (values) => values.fill(0));
    const { skipped, metrics } = applyUpdate({ ...requestOf(1, before), gradients });

    expect(skipped).toBeNull();
    expect(metrics.gradNorm).toBe(0);
    expect(metrics.updateNorm).toBeGreaterThan(0);
  });

  it.each([
    [{ adam: { ...adam, beta1: 1 } }, 'update: beta1 is 1, want a number from 0 to below 1'],
    [{ adam: { ...adam, beta2: Number.NaN } }, 'update: beta2 is NaN, want a number from 0 to below 1'],
    [{ adam: { ...adam, epsilon: -1 } }, 'update: epsilon is -1, want a number of at least 0'],
    [{ adam: { ...adam, weightDecay: -1 } }, 'update: weightDecay is -1, want a number of at least 0'],
    [{ maxGradNorm: Number.NaN }, 'update: maxGradNorm is NaN, want a number of at least 0'],
    [{ step: -1 }, 'schedule: step is -1'],
  ])('refuses %j', (change, message) => {
    expect(() => applyUpdate({ ...requestOf(0, start()), ...change })).toThrow(
      expect.objectContaining({ code: 'MODEL_REQUEST', message: expect.stringContaining(message) }),
    );
  });
});
