import type { DecoderConfig } from '../config.js';
import type { LearnGroup, TrajectoryGroup } from '../engine-types.js';
import { layoutGroups } from '../layout/group.js';
import { groupBlocks, rowsOf, type TokenGroup } from '../layout/group-rows.js';
import type { TokenSizes } from '../layout/tokens.js';
import { layoutTries, trieBlocks } from '../layout/trie.js';
import { trieCounts } from '../layout/trie-rows.js';
import type { Packing } from '../programs/score.js';
import type { PlannedItem } from './plan-runs.js';

/** What a step learns from: completions of a prompt, or trajectories that share histories. */
export type LearnItem = LearnGroup | TrajectoryGroup;

/** The tokens of a sequence that carry loss. */
export interface LearnSequence {
  readonly logprobs: readonly number[];
  readonly advantages: ArrayLike<number>;
}

export const isTrajectories = (item: LearnItem): item is TrajectoryGroup => 'trajectories' in item;

export const packingOf = (item: LearnItem): Packing => (isTrajectories(item) ? 'tries' : 'groups');

/** Items of equal keys may share a run: they have one packing, and blocks of the same sizes. */
export const layoutKey = (item: LearnItem): string =>
  isTrajectories(item) ? `tries ${trieBlocks(item.trajectories)}` : `groups ${groupBlocks(toTokens(item))}`;

export const sequencesOf = (item: LearnItem): readonly LearnSequence[] =>
  isTrajectories(item)
    ? item.trajectories
    : item.samples.map(({ logprobs, advantage }) => ({
        logprobs,
        advantages: new Float32Array(logprobs.length).fill(advantage),
      }));

const toTokens = (g: LearnGroup): TokenGroup => ({
  prefix: g.promptIds,
  suffixes: g.samples.map((s) => s.ids),
});

/** What the runs of a step are planned by. */
export const plannedOf = (item: LearnItem): PlannedItem => ({
  rows: tokenCounts(item).computed + 1,
  layout: layoutKey(item),
});

export interface TokenCounts {
  /** Tokens that predict something or are attended to, every sequence counted for itself. */
  readonly separate: number;
  /** Rows that they are where equal histories are one. */
  readonly computed: number;
}

export function tokenCounts(item: LearnItem): TokenCounts {
  if (isTrajectories(item)) {
    const { separate, merged } = trieCounts(item.trajectories);
    return { separate, computed: merged };
  }
  const separate = item.samples.reduce(
    (n, s) => n + item.promptIds.length + Math.max(0, s.ids.length - 1),
    0,
  );
  return { separate, computed: rowsOf(toTokens(item)) - 1 };
}

/** Sizes and feeds of a run of items, which are all of one packing. */
export interface ItemLayout {
  readonly sizes: TokenSizes & Readonly<Record<'N' | 'R' | 'G', number>>;
  readonly feeds: Readonly<Record<string, BigInt64Array | Float32Array>>;
}

export function layoutItems(items: readonly LearnItem[], config: DecoderConfig): ItemLayout {
  const tries = items.filter(isTrajectories);
  if (tries.length > 0)
    return layoutTries(
      tries.map((t) => t.trajectories),
      config,
    );
  const groups = items.flatMap((item) => (isTrajectories(item) ? [] : toTokens(item)));
  return layoutGroups(groups, config);
}
