import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { planRuns } from '../../../packages/model/src/engine/plan-runs.js';
import {
  type GroupTrainer,
  plannedOf,
  repeatPrefix,
  type Trained,
  type TrainGroup,
} from '../../support/group-trainer.js';
import { type GroupShape, groupOf, groupShapes, repeatedRows } from '../../support/random-groups.js';
import { TRAINERS, tinyTrainers } from '../../support/tiny-trainers.js';

const trainers = tinyTrainers();
afterAll(() => trainers.close());

/** What the shared and the repeated program may differ by, relative to the largest value of a tensor. */
const TOLERANCE = 1e-5;
/** Rows of a run of the repeated program. */
const MAX_ROWS = 1024;

interface Results {
  readonly logprobs: readonly number[];
  readonly loss: number;
  readonly gradients: ReadonlyMap<string, Float64Array>;
}

function sumOf(parts: readonly Float32Array[]): Float64Array {
  const sum = new Float64Array(parts[0]?.length ?? 0);
  for (const part of parts) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (part[i] ?? Number.NaN);
  }
  return sum;
}

/** Everything that a step takes from some groups. */
async function resultsOf(trainer: GroupTrainer, groups: readonly TrainGroup[]): Promise<Results> {
  const logprobs: number[] = [];
  const trained: Trained[] = [];
  for (const indices of planRuns(groups.map(plannedOf), MAX_ROWS)) {
    const run = indices.flatMap((i) => groups.slice(i, i + 1));
    logprobs.push(...(await trainer.score(run)).flat().flatMap((s) => [...s]));
    trained.push(await trainer.train(run));
  }
  const names = [...(trained[0]?.gradients.keys() ?? [])];
  return {
    logprobs,
    loss: trained.reduce((n, t) => n + (t.sums.get('loss') ?? Number.NaN), 0),
    gradients: new Map(
      names.map((name) => [name, sumOf(trained.flatMap((t) => t.gradients.get(name) ?? []))]),
    ),
  };
}

/** Largest absolute value; NaN where there is one. */
const largest = (x: ArrayLike<number>): number =>
  Array.from(x, Math.abs).reduce((most, v) => Math.max(most, v), 0);

/** max |a - b| / max |b|, the latter at least `floor`. */
function relative(a: ArrayLike<number>, b: ArrayLike<number>, floor: number): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  const difference = largest(Array.from(a, (v, i) => v - (b[i] ?? Number.NaN)));
  return difference === 0 ? 0 : difference / Math.max(floor, largest(b));
}

/**
 * Whether attention has nothing to choose from: one key, or keys of one value. Gradients of queries and keys are zero then but
 * for rounding, and are held against a hundredth of the largest gradient of all.
 */
const isIndifferent = ({ prefix, suffixes, likeness }: GroupShape): boolean =>
  likeness === 'one token' || (prefix === 1 && suffixes.every((s) => s <= 1));

/** The relative difference of everything between a group and the same completions with a prefix each. */
async function differences(
  trainer: GroupTrainer,
  shape: GroupShape,
): Promise<readonly (readonly [what: string, difference: number])[]> {
  const group = groupOf(shape);
  const shared = await resultsOf(trainer, [group]);
  const repeated = await resultsOf(trainer, repeatPrefix(group));
  expect(shared.gradients.size).toBe(repeated.gradients.size);
  const most = Math.max(...[...repeated.gradients.values()].map(largest));
  const floor = isIndifferent(shape) ? most / 100 : 0;
  return [
    ['logprobs', relative(shared.logprobs, repeated.logprobs, 0)],
    ['loss', relative([shared.loss], [repeated.loss], 0)],
    ...[...repeated.gradients].map(
      ([name, gradient]) => [name, relative(shared.gradients.get(name) ?? [], gradient, floor)] as const,
    ),
  ];
}

const say = (title: string, worst: number, what: string): void => {
  process.stderr.write(
    `prefix sharing, ${title}: largest relative difference ${worst.toExponential(1)}${what}\n`,
  );
};

describe('a shared prefix', () => {
  for (const name of Object.keys(TRAINERS)) {
    it(`gives what repeated prefixes give: ${name}`, async () => {
      const trainer = await trainers.open(name);
      const shapes = groupShapes({ prefix: 512, suffix: 512, samples: 32, rows: 600 });
      let [worst, runs] = [0, 0];
      await fc.assert(
        fc.asyncProperty(shapes, async (shape) => {
          runs++;
          for (const [what, difference] of await differences(trainer, shape)) {
            worst = Math.max(worst, difference);
            expect(difference, what).toBeLessThan(TOLERANCE);
          }
        }),
        { numRuns: 20, seed: 20_260 },
      );
      say(name, worst, ` over ${runs} shapes`);
    });
  }

  const ragged = (count: number, longest: number): number[] =>
    Array.from({ length: count }, (_, i) => longest - ((i * 37) % longest));
  const CORNERS: readonly { readonly model: string; readonly shape: GroupShape }[] = [
    {
      model: 'qwen2 (biases), 2 of 4 key heads, LoRA, policy loss',
      shape: { prefix: 4096, suffixes: [33, 0, 1, 16, 2], likeness: 'random', seed: 1 },
    },
    {
      model: 'qwen3 (norms of heads), 1 of 4 key heads, LoRA, policy loss of sequences',
      shape: { prefix: 17, suffixes: ragged(32, 512), likeness: 'first tokens', seed: 2 },
    },
    {
      model: 'qwen2 (biases), 1 of 4 key heads, all weights, supervised',
      shape: { prefix: 600, suffixes: ragged(32, 100), likeness: 'random', seed: 3 },
    },
    {
      model: 'llama, 4 of 4 key heads, LoRA, supervised',
      shape: { prefix: 1, suffixes: ragged(32, 33), likeness: 'equal', seed: 4 },
    },
    {
      model: 'llama, 4 of 4 key heads, LoRA, supervised',
      shape: { prefix: 1, suffixes: [0, 0, 1], likeness: 'random', seed: 5 },
    },
  ];
  it.each(CORNERS)(
    'gives what repeated prefixes give: $shape.prefix tokens, $model',
    async ({ model, shape }) => {
      const trainer = await trainers.open(model);

      const all = await differences(trainer, shape);

      for (const [what, difference] of all) expect(difference, what).toBeLessThan(TOLERANCE);
      const { prefix, suffixes } = shape;
      const what = `P ${prefix}, S ${Math.max(...suffixes)}, G ${suffixes.length}`;
      say(what, Math.max(...all.map(([, d]) => d)), `, ${repeatedRows(shape)} tokens with repeated prefixes`);
    },
  );
});
