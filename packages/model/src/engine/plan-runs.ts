import type { Packing } from '../programs/score.js';

/** Rows of a run that may be padding, as a share of those that hold tokens. */
const MAX_PADDING_SHARE = 1 / 4;

/** What planning needs to know of an item. */
export interface PlannedItem {
  readonly rows: number;
  readonly packing: Packing;
}

/**
 * Cuts items, in their order, into runs: several short ones of one packing share a run, of at most `maxRows` rows and little
 * padding; a longer one has a run of its own. Gradients do not depend on it: each item's is a sum of its own.
 * @returns the indices of the items of each run
 */
export function planRuns(items: readonly PlannedItem[], maxRows: number): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  let [most, sum] = [0, 0];
  let packing: Packing | null = null;
  items.forEach((item, index) => {
    const { rows } = item;
    const [nextMost, nextSum] = [Math.max(most, rows), sum + rows];
    const packed = (run.length + 1) * nextMost;
    const fits = packed <= maxRows && packed <= nextSum * (1 + MAX_PADDING_SHARE) && item.packing === packing;
    if (run.length > 0 && !fits) {
      runs.push(run);
      [run, most, sum] = [[index], rows, rows];
    } else {
      run.push(index);
      [most, sum] = [nextMost, nextSum];
    }
    packing = item.packing;
  });
  if (run.length > 0) runs.push(run);
  return runs;
}
