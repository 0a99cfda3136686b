import { compile, createLocalRunner, interpret, type Program, type TensorData } from '@residency/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { type Trainable, trainableShapes } from '../../../packages/model/src/binding.js';
import { type GroupLayout, layoutGroups } from '../../../packages/model/src/layout/group.js';
import type { TokenGroup } from '../../../packages/model/src/layout/group-rows.js';
import { type LossSpec, lossInputs } from '../../../packages/model/src/losses/index.js';
import { trainProgram } from '../../../packages/model/src/programs/train.js';
import { largestDifference, randomNumbers } from '../../support/numbers.js';
import { configOf, randomWeights, TINY_LLAMA, TINY_QWEN2 } from '../../support/tiny-model.js';
import { writeTensors } from '../../support/weight-files.js';

const GROUPS: readonly TokenGroup[] = [
  {
    prefix: [3, 1, 4],
    suffixes: [
      [1, 5, 9, 2],
      [6, 5],
      [1, 5, 8],
    ],
  },
  { prefix: [2, 7, 1, 8, 2], suffixes: [[8], [4, 5, 9]] },
];
const runner = createLocalRunner();
afterAll(() => runner.close());

type Values = Record<string, readonly number[] | TensorData>;
const policy: LossSpec = { kind: 'policy', estimator: 'ppo', kl: 'k3', entropy: true, correction: null };
const supervised: LossSpec = { kind: 'supervised' };

/** Values of every weight, and of an adapter's tensors. */
function parametersOf(json: Readonly<Record<string, unknown>>, trainable: Trainable): Values {
  const config = configOf(json);
  const values: Values = Object.fromEntries(randomWeights(config).map((w) => [w.name, w.data]));
  if (trainable.kind === 'lora') {
    [...trainableShapes(config, trainable)].forEach(([name, shape], i) => {
      const count = shape.reduce((n, d) => n * d, 1);
      values[name] = randomNumbers(count, 100 + i).map((v) => v / 2);
    });
  }
  return values;
}

/** Everything that a training program reads beside parameters: random numbers on tokens and rubbish on padding. */
function inputsOf(layout: GroupLayout, groups: readonly TokenGroup[], loss: LossSpec): Values {
  const { N, G, L } = layout.sizes;
  const tokens = (seed: number, scale: number, shift: number): number[] =>
    randomNumbers(N * G * L, seed).map((v) => shift + scale * v);
  const isToken = Array.from({ length: N * G * L }, (_, i) => {
    const [sequence, place] = [Math.floor(i / L), i % L];
    return place < (groups[Math.floor(sequence / G)]?.suffixes[sequence % G]?.length ?? 0);
  });
  return {
    ...layout.feeds,
    ...lossInputs(loss, { clipLow: 0.7, clipHigh: 0.7, klCoefficient: 0.1, entropyCoefficient: 0.05 }),
    inverseTemperature: [0.8],
    mask: isToken.map(Number),
    weights: tokens(9, 0.1, 0.25).map((v, i) => (isToken[i] ? v : 0)),
    oldLogprobs: tokens(11, 0.5, -2.5),
    referenceLogprobs: tokens(21, 0.5, -2.5),
    advantages: tokens(31, 1, 0),
  };
}

const asNumbers = (v: Values[string] | undefined): number[] => Array.from(v ?? [], Number);

async function runCompiled(
  program: Program,
  sizes: Readonly<Record<string, number>>,
  values: Values,
): Promise<Record<string, TensorData>> {
  const names = program.weights.map((w) => w.attrs.name);
  const weights =
    names.length === 0
      ? {}
      : {
          weights: await writeTensors(
            names,
            Object.fromEntries(names.map((name) => [name, asNumbers(values[name])])),
          ),
        };
  const session = await compile(program, { runner, threads: 1, ...weights });
  const given: Record<string, TensorData> = {};
  for (const p of program.inputs) {
    const v = asNumbers(values[p.attrs.name]);
    given[p.attrs.name] = p.dtype === 'i64' ? BigInt64Array.from(v, BigInt) : Float32Array.from(v);
  }
  const out = await session.run(sizes, given);
  await session.close();
  return out;
}

const LORA: Trainable = { kind: 'lora', rank: 2, alpha: 4 };
const CASES: readonly {
  title: string;
  json: Readonly<Record<string, unknown>>;
  trainable: Trainable;
  loss: LossSpec;
}[] = [
  { title: 'qwen2, LoRA, policy loss', json: TINY_QWEN2, trainable: LORA, loss: policy },
  { title: 'llama, LoRA, supervised', json: TINY_LLAMA, trainable: LORA, loss: supervised },
  {
    title: 'qwen2, all weights, supervised',
    json: TINY_QWEN2,
    trainable: { kind: 'full' },
    loss: supervised,
  },
];

describe('train programs', () => {
  for (const { title, json, trainable, loss } of CASES) {
    it(`${title}: gradients equal central differences, interpreted and compiled`, async () => {
      const config = configOf(json);
      const program = trainProgram(config, trainable, loss);
      const layout = layoutGroups(GROUPS, config);
      const { sizes } = layout;
      const { loss: lossValue } = program.outputs;
      if (!lossValue) throw new Error('the program has no loss');
      const forward: Program = { ...program, outputs: { loss: lossValue } };
      const all: Values = { ...inputsOf(layout, GROUPS, loss), ...parametersOf(json, trainable) };
      const numbers = Object.fromEntries(Object.entries(all).map(([name, v]) => [name, asNumbers(v)]));
      const interpreted = interpret(program, numbers, sizes);
      const compiled = await runCompiled(program, sizes, all);
      const isPerGroup = trainable.kind === 'lora';
      const h = 1e-5;

      let checked = 0;
      for (const name of trainableShapes(config, trainable).keys()) {
        const own = numbers[name] ?? [];
        const parts = interpreted[`grad:${name}`]?.data ?? [];
        // A few elements of every tensor: the first, one in the middle, the last.
        for (const k of new Set([0, Math.floor(own.length / 2), own.length - 1])) {
          const lossAt = (d: number): number => {
            const moved = { ...numbers, [name]: own.map((v, i) => (i === k ? v + d : v)) };
            return interpret(forward, moved, sizes)['loss']?.data[0] ?? Number.NaN;
          };
          const numeric = (lossAt(h) - lossAt(-h)) / (2 * h);
          const analytic = isPerGroup
            ? GROUPS.reduce((sum, _, n) => sum + (parts[n * own.length + k] ?? Number.NaN), 0)
            : (parts[k] ?? Number.NaN);
          expect(Math.abs(analytic - numeric), `${name}[${k}]`).toBeLessThan(
            1e-7 * Math.max(1, Math.abs(numeric)),
          );
          checked++;
        }
        expect(largestDifference(asNumbers(compiled[`grad:${name}`]), parts), name).toBeLessThan(1e-4);
      }
      expect(checked).toBeGreaterThan(30);
    });
  }

  it('computes layers again with the same bits', async () => {
    const config = configOf({ ...TINY_QWEN2, num_hidden_layers: 3 });
    const layout = layoutGroups(GROUPS, config);
    const all: Values = {
      ...inputsOf(layout, GROUPS, policy),
      ...parametersOf({ ...TINY_QWEN2, num_hidden_layers: 3 }, LORA),
    };
    const [kept, again] = [false, true].map((recomputes) =>
      trainProgram(config, LORA, policy, { recomputes }),
    );
    if (!kept || !again) throw new Error('no programs');

    const [a, b] = [await runCompiled(kept, layout.sizes, all), await runCompiled(again, layout.sizes, all)];

    expect(Object.keys(b)).toEqual(Object.keys(a));
    for (const name of Object.keys(a)) expect(asNumbers(b[name]), name).toEqual(asNumbers(a[name]));
  });

  it('gives a group the same bits whatever groups share its run', async () => {
    const config = configOf(TINY_QWEN2);
    const program = trainProgram(config, LORA, policy);
    const parameters = parametersOf(TINY_QWEN2, LORA);
    const gradients = async (groups: readonly TokenGroup[]): Promise<number[][]> => {
      const layout = layoutGroups(groups, config);
      const own = inputsOf(layout, groups, policy);
      // Values of a token depend on its id and place alone, so that they are those of its group in any run.
      const { G, L } = layout.sizes;
      const ofToken = (i: number): number => {
        const [sequence, place] = [Math.floor(i / L), i % L];
        return (groups[Math.floor(sequence / G)]?.suffixes[sequence % G]?.[place] ?? 0) / 10 + place / 7;
      };
      const tokens = Array.from({ length: groups.length * G * L }, (_, i) => ofToken(i));
      const masked = tokens.map((v, i) => v * (asNumbers(own['mask'])[i] ?? 0));
      const out = await runCompiled(program, layout.sizes, {
        ...own,
        ...parameters,
        oldLogprobs: tokens.map((v) => v - 3),
        referenceLogprobs: tokens.map((v) => -v - 2),
        advantages: tokens.map((v) => v - 0.5),
        weights: masked,
      });
      return groups.map((_, n) =>
        [...trainableShapes(config, LORA)].flatMap(([name, shape]) => {
          const count = shape.reduce((a, d) => a * d, 1);
          return asNumbers(out[`grad:${name}`]).slice(n * count, (n + 1) * count);
        }),
      );
    };
    const [first, second] = GROUPS;
    if (!first || !second) throw new Error('no groups');
    const third: TokenGroup = { prefix: Array.from({ length: 40 }, (_, i) => i % 23), suffixes: [[5, 6, 7]] };

    const together = await gradients([first, third, second]);
    const alone = [
      ...(await gradients([first])),
      ...(await gradients([third])),
      ...(await gradients([second])),
    ];

    expect(together.flat().some((v) => v !== 0)).toBe(true);
    expect(together).toEqual(alone);
  });
});
