import { compile, createLocalRunner, type Session, type TensorData } from '@residency/tensor';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Trainable, trainableShapes } from '../../../packages/model/src/binding.js';
import { layoutGroups } from '../../../packages/model/src/layout/group.js';
import { layoutTries } from '../../../packages/model/src/layout/trie.js';
import { type Trajectory, trieCounts, trieRows } from '../../../packages/model/src/layout/trie-rows.js';
import { type LossSpec, lossInputs } from '../../../packages/model/src/losses/index.js';
import { trainProgram } from '../../../packages/model/src/programs/train.js';
import { randomNumbers } from '../../support/numbers.js';
import { configOf, randomWeights, TINY_QWEN2 } from '../../support/tiny-model.js';
import { writeTensors } from '../../support/weight-files.js';

const runner = createLocalRunner();
afterAll(() => runner.close());
const config = configOf({ ...TINY_QWEN2, num_hidden_layers: 3, max_position_embeddings: 512 });
const LORA: Trainable = { kind: 'lora', rank: 2, alpha: 4 };
const loss: LossSpec = { kind: 'policy', estimator: 'ppo', kl: null, entropy: true, correction: null };
const weights = Object.fromEntries(randomWeights(config).map((w) => [w.name, Array.from(w.data)]));
const adapter: Record<string, Float32Array> = Object.fromEntries(
  [...trainableShapes(config, LORA)].map(([name, [rows = 0, columns = 0]], i) => [
    name,
    Float32Array.from(randomNumbers(rows * columns, 100 + i), (v) => v / 2),
  ]),
);

/** Each target's advantage and weight, by trajectory and place, so that merging cannot confuse them. */
const signalOf = (j: number, place: number): number => Math.sin(1 + 3 * j + place / 5);

let tries: Session;
let groups: Session;
beforeAll(async () => {
  const program = trainProgram(config, LORA, loss, { packing: 'tries' });
  const files = await writeTensors(
    program.weights.map((w) => w.attrs.name),
    weights,
  );
  tries = await compile(program, { runner, threads: 1, weights: files });
  groups = await compile(trainProgram(config, LORA, loss), { runner, threads: 1, weights: files });
});

interface Outcome {
  /** By trajectory and target. */
  readonly loss: number;
  readonly gradients: readonly Float64Array[];
}

/** Sums a run's gradients over its tries or groups. */
function outcomeOf(out: Readonly<Record<string, TensorData>>, N: number): Outcome {
  const gradients = [...trainableShapes(config, LORA)].map(([name, [rows = 0, columns = 0]]) => {
    const sum = new Float64Array(rows * columns);
    const all = out[`grad:${name}`] ?? [];
    for (let i = 0; i < N * sum.length; i++)
      sum[i % sum.length] = (sum[i % sum.length] ?? 0) + Number(all[i]);
    return sum;
  });
  return { loss: Number(out['loss']?.[0]), gradients };
}

const scalars = lossInputs(loss, { clipLow: 0.7, clipHigh: 0.7, entropyCoefficient: 0.05 });

/** Feeds of the tokens of sequences, in whatever run they are: `order` names the trajectory of each. */
function tokenFeeds(
  lists: readonly { readonly j: number; readonly places: readonly number[] }[],
  L: number,
): Record<string, Float32Array> {
  const matrix = (f: (j: number, place: number) => number): Float32Array => {
    const out = new Float32Array(lists.length * L);
    lists.forEach(({ j, places }, b) => {
      out.set(
        places.map((place) => f(j, place)),
        b * L,
      );
    });
    return out;
  };
  return {
    mask: matrix(() => 1),
    weights: matrix((j, place) => 0.3 + 0.2 * signalOf(j + 1, place)),
    advantages: matrix(signalOf),
    oldLogprobs: matrix((j, place) => -3 + 0.5 * signalOf(j, 2 * place)),
  };
}

async function runRaw(
  all: readonly (readonly Trajectory[])[],
): Promise<{ readonly out: Record<string, TensorData>; readonly N: number }> {
  const { sizes, feeds } = layoutTries(all, config);
  let j = 0;
  const lists = all.flatMap((trajectories) =>
    Array.from({ length: sizes.G }, (_, g) => {
      const trajectory = trajectories[g];
      return { j: trajectory ? j++ : 0, places: trajectory?.targets ?? [] };
    }),
  );
  const out = await tries.run(sizes, {
    ...feeds,
    ...adapter,
    ...scalars,
    ...tokenFeeds(lists, sizes.L),
    inverseTemperature: Float32Array.of(0.9),
  });
  return { out, N: sizes.N };
}

async function runTries(all: readonly (readonly Trajectory[])[]): Promise<Outcome> {
  const { out, N } = await runRaw(all);
  return outcomeOf(out, N);
}

function expectSame(actual: Outcome, expected: Outcome): void {
  expect(Math.abs(actual.loss - expected.loss)).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected.loss)));
  expected.gradients.forEach((e, k) => {
    const largest = e.reduce((n, v) => Math.max(n, Math.abs(v)), 0);
    const difference = e.reduce(
      (n, v, i) => Math.max(n, Math.abs(v - (actual.gradients[k]?.[i] ?? Number.NaN))),
      0,
    );
    expect(difference).toBeLessThan(1e-5 * largest + 1e-9);
  });
}

/** Trajectories that branch off from one another: each continues a beginning of an earlier one. */
const branching = fc
  .array(
    fc.record({
      from: fc.nat(),
      cut: fc.double({ min: 0, max: 1, noNaN: true }),
      tail: fc.array(fc.nat(22), { minLength: 2, maxLength: 40 }),
      isTarget: fc.infiniteStream(fc.boolean()),
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((steps) => {
    const all: Trajectory[] = [];
    for (const { from, cut, tail, isTarget } of steps) {
      const earlier = all[from % Math.max(1, all.length)]?.ids ?? [];
      const ids = [...earlier.slice(0, Math.floor(cut * earlier.length)), ...tail];
      const flags = ids.map(() => isTarget.next().value ?? false);
      const targets = flags.flatMap((flag, place) => (flag && place > 0 ? [place] : []));
      all.push({ ids, targets: targets.length > 0 ? targets : [ids.length - 1] });
    }
    return all;
  });

describe('token tries', () => {
  it('give the losses and gradients of the separate sequences', async () => {
    await fc.assert(
      fc.asyncProperty(branching, async (trajectories) => {
        expectSame(await runTries([trajectories]), await runTries(trajectories.map((t) => [t])));
      }),
      { numRuns: 40, seed: 3 },
    );
  });

  it('give those of a shared prefix where trajectories share a prompt alone', async () => {
    const prefix = [3, 1, 4, 1, 5];
    const suffixes = [
      [9, 2, 6],
      [5, 3, 5, 8],
      [9, 7],
    ];
    const { sizes, feeds } = layoutGroups([{ prefix, suffixes }], config);
    const places = (suffix: readonly number[]): number[] => suffix.map((_, i) => prefix.length + i);
    const lists = suffixes.map((suffix, j) => ({ j, places: places(suffix) }));
    const out = await groups.run(sizes, {
      ...feeds,
      ...adapter,
      ...scalars,
      ...tokenFeeds(lists, sizes.L),
      inverseTemperature: Float32Array.of(0.9),
    });

    const trajectories = suffixes.map((suffix) => ({ ids: [...prefix, ...suffix], targets: places(suffix) }));
    expectSame(await runTries([trajectories]), outcomeOf(out, 1));
  });

  it('give a group the same bits whatever groups share its run', async () => {
    const first = [
      { ids: [1, 2, 3, 4, 5], targets: [3, 4] },
      { ids: [1, 2, 3, 6], targets: [2, 3] },
    ];
    const second = [{ ids: Array.from({ length: 60 }, (_, i) => i % 23), targets: [20, 40, 59] }];

    const gradientsOfFirst = ({ out, N }: Awaited<ReturnType<typeof runRaw>>): number[] =>
      Object.entries(out)
        .filter(([name]) => name.startsWith('grad:'))
        .flatMap(([, all]) => Array.from(all, Number).slice(0, all.length / N));

    const alone = gradientsOfFirst(await runRaw([first]));
    const together = gradientsOfFirst(await runRaw([first, second]));

    expect(together).toEqual(alone);
    expect(alone.some((v) => v !== 0)).toBe(true);
  });

  it('hold each distinct history once', () => {
    const trajectories = [
      { ids: [7, 8, 1, 2, 3], targets: [2, 4] },
      { ids: [7, 8, 1, 9, 9], targets: [4] },
      { ids: [7, 8, 1, 2, 4], targets: [4] },
    ];

    const rows = trieRows(trajectories);

    // The last token of each is a target and no row.
    expect(rows.ids).toEqual([7, 8, 1, 2, 9]);
    expect(rows.places).toEqual([0, 1, 2, 3, 3]);
    expect(rows.paths).toEqual([
      [0, 1, 2, 3],
      [0, 1, 2, 4],
      [0, 1, 2, 3],
    ]);
    expect(rows.kept).toEqual([1, 3, 4]);
    expect(rows.units).toEqual([
      { path: [0, 1, 2], start: 0 },
      { path: [0, 1, 2, 3], start: 3 },
      { path: [0, 1, 2, 4], start: 3 },
    ]);
    expect(trieCounts(trajectories)).toEqual({ separate: 12, merged: 5 });
  });
});
