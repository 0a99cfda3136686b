import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { planRuns } from '../../../packages/model/src/engine/plan-runs.js';
import { type GroupTrainer, plannedOf, type Rubbish, type TrainGroup } from '../../support/group-trainer.js';
import { type GroupShape, groupOf, groupShapes } from '../../support/random-groups.js';
import { TRAINERS, tinyTrainers, VOCAB } from '../../support/tiny-trainers.js';

const trainers = tinyTrainers();
afterAll(() => trainers.close());
const NAMES = Object.keys(TRAINERS).filter((name) => name.includes('LoRA'));
const [LLAMA = '', QWEN2 = ''] = NAMES;

const scoresOf = async (
  trainer: GroupTrainer,
  groups: readonly TrainGroup[],
  rubbish?: Rubbish,
): Promise<number[][]> => (await trainer.score(groups, rubbish)).map((g) => g.flatMap((s) => [...s]));

/** The gradients of each group, those of all tensors behind one another. */
async function gradientsOf(
  trainer: GroupTrainer,
  groups: readonly TrainGroup[],
  rubbish?: Rubbish,
): Promise<number[][]> {
  const { gradients } = await trainer.train(groups, rubbish);
  return groups.map((_, n) => [...gradients.values()].flatMap((parts) => [...(parts[n] ?? [])]));
}

const aloneOf = async (
  of: (groups: readonly TrainGroup[]) => Promise<number[][]>,
  groups: readonly TrainGroup[],
): Promise<number[][]> => {
  const all: number[][] = [];
  for (const group of groups) all.push(...(await of([group])));
  return all;
};

const shapes = groupShapes({ prefix: 200, suffix: 70, samples: 6, rows: 500 });
/** Groups of any shapes. */
const mixed = fc.array(shapes, { minLength: 2, maxLength: 4 });
/** Groups whose prefixes, and whose completions, are about as long as those of the first. */
const alike = mixed.map((list): GroupShape[] => {
  const [{ prefix, suffixes } = { prefix: 1, suffixes: [0] }] = list;
  const least = prefix - ((prefix - 1) % 64);
  const longest = Math.max(...suffixes);
  return list.map((shape) => ({
    ...shape,
    prefix: least + (shape.prefix % 64),
    suffixes: [...shape.suffixes.map((s) => Math.min(s, longest)), Math.max(0, longest - (shape.prefix % 3))],
  }));
});

describe('groups that share a run', () => {
  it.each(NAMES)('have the log-probabilities that they have alone, bit for bit: %s', async (name) => {
    const trainer = await trainers.open(name);
    await fc.assert(
      fc.asyncProperty(mixed, async (list) => {
        const groups = list.map(groupOf);

        const together = await scoresOf(trainer, groups);

        expect(together).toEqual(await aloneOf((g) => scoresOf(trainer, g), groups));
      }),
      { numRuns: 20, seed: 7 },
    );
  });

  it.each(NAMES)('have the gradients that they have alone, bit for bit: %s', async (name) => {
    const trainer = await trainers.open(name);
    let shared = 0;
    await fc.assert(
      fc.asyncProperty(alike, async (list) => {
        const groups = list.map(groupOf);
        // The lengths of a few cross into the next size of blocks.
        if (new Set(groups.map((g) => plannedOf(g).layout)).size > 1) return;
        shared++;

        const together = await gradientsOf(trainer, groups);

        expect(together).toEqual(await aloneOf((g) => gradientsOf(trainer, g), groups));
      }),
      { numRuns: 25, seed: 8 },
    );
    expect(shared).toBeGreaterThan(12);
  });

  it('have the gradients that they have alone in every run that is planned', async () => {
    const trainer = await trainers.open(QWEN2);
    let [runs, groups] = [0, 0];
    await fc.assert(
      fc.asyncProperty(fc.tuple(mixed, alike), async ([some, others]) => {
        const list = [...some, ...others].map(groupOf);
        for (const indices of planRuns(list.map(plannedOf), 1024)) {
          if (indices.length === 1) continue;
          [runs, groups] = [runs + 1, groups + indices.length];
          const run = indices.flatMap((i) => list.slice(i, i + 1));

          const together = await gradientsOf(trainer, run);

          expect(together).toEqual(await aloneOf((g) => gradientsOf(trainer, g), run));
        }
      }),
      { numRuns: 15, seed: 9 },
    );
    expect(runs).toBeGreaterThan(5);
    expect(groups).toBeGreaterThan(2 * runs);
  });

  it('have no gradient where their weights are zero, and leave that of the others as it is', async () => {
    const trainer = await trainers.open(QWEN2);
    const shape = { prefix: 20, suffixes: [12, 3, 0, 7], likeness: 'random' } as const;
    const [one, two, three] = [1, 2, 3].map((seed) => groupOf({ ...shape, seed }));
    if (!one || !two || !three) throw new Error('no groups');

    const all = await gradientsOf(trainer, [one, two, three]);
    const [first, second = [], third] = await gradientsOf(trainer, [
      one,
      { ...two, isWeightless: true },
      three,
    ]);

    expect(second.length).toBeGreaterThan(1000);
    expect(second.every((v) => v === 0)).toBe(true);
    expect([first, third]).toEqual([all[0], all[2]]);
    expect(all[1]?.some((v) => v !== 0)).toBe(true);
  });

  it.each([LLAMA, QWEN2])('do not depend on what stands where no token does: %s', async (name) => {
    const trainer = await trainers.open(name);
    const groups = (['random', 'first tokens', 'equal'] as const).map((likeness, i) =>
      groupOf({ prefix: 17 + 3 * i, suffixes: [5, 0, 14, 1].slice(i), likeness, seed: 50 + i }),
    );
    const [scores, gradients] = [await scoresOf(trainer, groups), await gradientsOf(trainer, groups)];
    const rubbish: readonly Rubbish[] = [
      { tokens: Number.NaN, id: VOCAB - 1, position: 5000 },
      { tokens: Number.POSITIVE_INFINITY, id: 7, position: -3 },
      { tokens: -3e38, id: 11, position: 0.5 },
    ];

    for (const r of rubbish) {
      expect(await scoresOf(trainer, groups, r)).toEqual(scores);
      expect(await gradientsOf(trainer, groups, r)).toEqual(gradients);
    }
    expect(gradients.flat().every(Number.isFinite)).toBe(true);
  });
});
