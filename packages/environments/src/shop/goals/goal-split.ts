import { uniform, uniformBelow } from '@residency/algorithms';
import { ShopError } from '../errors.js';
import type { Goal } from './goal.js';

/** Places of shuffled goals, `end` not among them. */
export interface GoalRange {
  readonly start: number;
  readonly end: number;
}

/** A published division of the shuffled goals: the original's, or that of agents' training. */
export type SplitScheme = 'original' | 'verl-agent';

/** Parts by name; the last one takes what is left (specs/webshop.md section 2). */
const SPLITS: {
  readonly [S in SplitScheme]: readonly (readonly [part: string, start: number, end: number])[];
} = {
  original: [
    ['test', 0, 500],
    ['evaluation', 500, 1_500],
    ['train', 1_500, Number.POSITIVE_INFINITY],
  ],
  'verl-agent': [
    ['validation', 0, 500],
    ['train', 500, Number.POSITIVE_INFINITY],
  ],
};

/**
 * Where the goals of a part lie in the shuffled list. The parts of a scheme never overlap.
 * @param count how many goals there are
 * @throws ShopError SHOP_SETTING for an unknown part, SHOP_GOALS for one without goals
 */
export function splitRange(scheme: SplitScheme, part: string, count: number): GoalRange {
  const names = SPLITS[scheme].map(([name]) => name);
  const found = SPLITS[scheme].find(([name]) => name === part);
  if (found === undefined) {
    throw new ShopError('SHOP_SETTING', 'split', `split is '${part}', want one of: ${names.join(', ')}`);
  }
  const [, start, end] = found;
  if (start < count) return { start, end: Math.min(end, count) };
  throw new ShopError('SHOP_GOALS', 'split', `split '${part}' starts at goal ${start}: found ${count} goals`);
}

/** A uniformly drawn place in a range, decided by the key alone. */
export function drawGoal({ start, end }: GoalRange, key: readonly number[]): number {
  return start + uniformBelow(end - start, key);
}

/**
 * Draws places in proportion to the goals' weights, as the original does without a fixed session (specs/webshop.md
 * section 2). The sums are taken once; a draw takes logarithmic time.
 * @throws ShopError SHOP_GOALS without goals
 */
export function weightedDraw(goals: readonly Goal[]): (key: readonly number[]) => number {
  const sums: number[] = [];
  let total = 0;
  for (const { weight } of goals) {
    total += weight;
    sums.push(total);
  }
  if (goals.length === 0) throw new ShopError('SHOP_GOALS', 'goals', 'goals: found none, want at least one');
  return (key) => {
    const wanted = uniform(key) * total;
    let low = 0;
    for (let high = goals.length - 1; low < high; ) {
      const middle = (low + high) >>> 1;
      if ((sums[middle] ?? 0) > wanted) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}
