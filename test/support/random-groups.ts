import fc from 'fast-check';
import type { TrainGroup } from './group-trainer.js';
import { randomNumbers } from './numbers.js';
import { VOCAB } from './tiny-trainers.js';

/** What the tokens of a group's completions have in common. */
const KINDS = ['random', 'equal', 'first tokens', 'one token'] as const;
export type Likeness = (typeof KINDS)[number];

/** Sizes of a group and what decides its tokens and their numbers. */
export interface GroupShape {
  readonly prefix: number;
  readonly suffixes: readonly number[];
  readonly likeness: Likeness;
  readonly seed: number;
}

/** Rows that the group has when every completion repeats the prefix. */
export const repeatedRows = ({ prefix, suffixes }: GroupShape): number =>
  suffixes.reduce((n, s) => n + prefix + s, 0);

export const randomIds = (count: number, seed: number): number[] =>
  randomNumbers(count, seed).map((v) => Math.floor(((v + 1) / 2) * VOCAB));

export function groupOf({ prefix, suffixes, likeness, seed }: GroupShape): TrainGroup {
  const own = (count: number, sample: number): number[] => randomIds(count, seed + 7 * sample + 1);
  const common = own(4, 500);
  const ofKind: { readonly [K in Likeness]: (count: number, sample: number) => number[] } = {
    random: own,
    equal: (count) => own(count, 600),
    'first tokens': (count, sample) => [...common, ...own(count, sample)].slice(0, count),
    'one token': (count) => new Array<number>(count).fill(seed % VOCAB),
  };
  return {
    prefix: likeness === 'one token' ? ofKind[likeness](prefix, 0) : own(prefix, 400),
    samples: suffixes.map((count, i) => ({ ids: ofKind[likeness](count, i), seed: seed + 1000 * i })),
  };
}

/** Sizes from `least` to `most`, small ones as often as large ones, and half of them beside a multiple of 16. */
function sizes(least: number, most: number): fc.Arbitrary<number> {
  const inRange = (v: number): number => Math.min(most, Math.max(least, Math.round(v)));
  const any = fc.integer({ min: 0, max: 1000 }).map((u) => inRange((most + 1) ** (u / 1000) - 1));
  const beside = fc
    .tuple(any, fc.integer({ min: -2, max: 2 }))
    .map(([v, d]) => inRange(16 * Math.round(v / 16) + d));
  return fc.oneof(any, beside);
}

export interface ShapeLimits {
  readonly prefix: number;
  readonly suffix: number;
  readonly samples: number;
  /** Completions are left out, but for the first, where the rows would be more than this with repeated prefixes. */
  readonly rows: number;
}

/** Groups with prompts of one token up, ragged completions of none up, and as many of them as the limits let be. */
export function groupShapes(limits: ShapeLimits): fc.Arbitrary<GroupShape> {
  return fc
    .record({
      prefix: sizes(1, limits.prefix),
      suffixes: fc.array(sizes(0, limits.suffix), { minLength: 1, maxLength: limits.samples, size: 'max' }),
      likeness: fc.constantFrom(...KINDS),
      seed: fc.integer({ min: 0, max: 10_000 }),
    })
    .map((shape) => {
      let rows = 0;
      const suffixes = shape.suffixes.filter((s, i) => {
        rows += shape.prefix + s;
        return i === 0 || rows <= limits.rows;
      });
      return { ...shape, suffixes };
    });
}
