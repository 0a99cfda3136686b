import { rowsOf, type TokenGroup } from '../layout/group-rows.js';

/** Rows of a run that may be padding, as a share of those that hold tokens. */
const MAX_PADDING_SHARE = 1 / 4;

/**
 * Cuts groups, in their order, into runs: several short ones share a run, of at most `maxRows` rows and little padding; a
 * longer one has a run of its own. Gradients do not depend on it: each group's is a sum of its own.
 * @returns the indices of the groups of each run
 */
export function planRuns(groups: readonly TokenGroup[], maxRows: number): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  let [most, sum] = [0, 0];
  groups.forEach((group, index) => {
    const rows = rowsOf(group);
    const [nextMost, nextSum] = [Math.max(most, rows), sum + rows];
    const packed = (run.length + 1) * nextMost;
    const fits = packed <= maxRows && packed <= nextSum * (1 + MAX_PADDING_SHARE);
    if (run.length > 0 && !fits) {
      runs.push(run);
      [run, most, sum] = [[index], rows, rows];
      return;
    }
    run.push(index);
    [most, sum] = [nextMost, nextSum];
  });
  if (run.length > 0) runs.push(run);
  return runs;
}
