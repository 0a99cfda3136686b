/**
 * Blocks are padded to multiples of this many places. A softmax is summed in lanes, and a place keeps its lane only if what
 * lies before it has such a size: with other paddings a group's last bits would depend on the groups beside it.
 */
const LANES = 16;
export const toLanes = (count: number): number => Math.ceil(count / LANES) * LANES;
