/** Rows of a run that may be padding, as a share of those that hold tokens. */
const MAX_PADDING_SHARE = 1 / 4;

/** What planning needs to know of an item. */
export interface PlannedItem {
  readonly rows: number;
  /** How it is laid out: its packing, and the sizes of its blocks (`layoutKey`). */
  readonly layout: string;
}

/**
 * Cuts items, in their order, into runs: several short ones of one layout share a run, of at most `maxRows` rows and little
 * padding; a longer one has a run of its own. Gradients do not depend on it, down to the last bit: each item's is a sum of its
 * own, in an order that its layout decides.
 * @returns the indices of the items of each run
 */
export function planRuns(items: readonly PlannedItem[], maxRows: number): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  let [most, sum] = [0, 0];
  let layout: string | null = null;
  items.forEach((item, index) => {
    const { rows } = item;
    const [nextMost, nextSum] = [Math.max(most, rows), sum + rows];
    const packed = (run.length + 1) * nextMost;
    const fits = packed <= maxRows && packed <= nextSum * (1 + MAX_PADDING_SHARE) && item.layout === layout;
    if (run.length > 0 && !fits) {
      runs.push(run);
      [run, most, sum] = [[index], rows, rows];
    } else {
      run.push(index);
      [most, sum] = [nextMost, nextSum];
    }
    layout = item.layout;
  });
  if (run.length > 0) runs.push(run);
  return runs;
}
