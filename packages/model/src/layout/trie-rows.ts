/** A sequence of tokens of an agent's episode, some of which were the agent's to choose. */
export interface Trajectory {
  readonly ids: readonly number[];
  /** Places of the tokens that carry loss, rising, each above 0. */
  readonly targets: readonly number[];
}

/** Rows that one part of a trie asks with, and what they may see. */
export interface TrieUnit {
  /** Rows from the root on, in order: the keys. */
  readonly path: readonly number[];
  /** Where on the path the unit's own rows begin; they end with it. */
  readonly start: number;
}

/**
 * The distinct histories of a group of trajectories: equal beginnings are one row each. Rows are numbered in the order in which
 * trajectories bring them.
 */
export interface TrieRows {
  /** Id and place in the sequence of every row. */
  readonly ids: readonly number[];
  readonly places: readonly number[];
  /** Each row is own to one unit: what all trajectories begin with, or what a trajectory adds to those before it. */
  readonly units: readonly TrieUnit[];
  /** Rows of each trajectory's tokens up to its last target, which predicts nothing and is none. */
  readonly paths: readonly (readonly number[])[];
  /** Rows that predict a target, rising. */
  readonly kept: readonly number[];
}

export function trieRows(trajectories: readonly Trajectory[]): TrieRows {
  const ids: number[] = [];
  const places: number[] = [];
  const children = new Map<string, number>();
  const starts: number[] = [];
  const paths = trajectories.map((trajectory) => {
    const known = ids.length;
    let start = 0;
    let parent = -1;
    const path = trajectory.ids.slice(0, trajectory.targets.at(-1) ?? 0).map((id, place) => {
      const key = `${parent}:${id}`;
      const row = children.get(key) ?? ids.length;
      if (row === ids.length) {
        children.set(key, row);
        ids.push(id);
        places.push(place);
      }
      if (row < known) start = place + 1;
      parent = row;
      return row;
    });
    starts.push(start);
    return path;
  });
  const kept = new Set(
    trajectories.flatMap(({ targets }, j) =>
      targets.flatMap((place) => paths[j]?.slice(place - 1, place) ?? []),
    ),
  );
  return { ids, places, paths, units: unitsOf(paths, starts), kept: [...kept].sort((a, b) => a - b) };
}

function unitsOf(paths: readonly (readonly number[])[], starts: readonly number[]): TrieUnit[] {
  const [first = []] = paths;
  const isShared = (place: number): boolean => paths.every((path) => path[place] === first[place]);
  let trunk = 0;
  while (paths.length > 1 && trunk < first.length && isShared(trunk)) trunk++;
  const own = paths.map((path, j) => ({ path, start: Math.max(trunk, starts[j] ?? 0) }));
  // What all share is a unit of its own: else the first trajectory would be the longest of all by as much.
  const all = trunk > 0 ? [{ path: first.slice(0, trunk), start: 0 }, ...own] : own;
  return all.filter((unit) => unit.start < unit.path.length);
}

/** Tokens of trajectories counted one by one, and how many rows they are in a trie. */
export const trieCounts = (
  trajectories: readonly Trajectory[],
): { readonly separate: number; readonly merged: number } => {
  const { ids, paths } = trieRows(trajectories);
  return { separate: paths.reduce((n, path) => n + path.length, 0), merged: ids.length };
};
