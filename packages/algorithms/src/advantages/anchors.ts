import { AlgorithmError } from '../errors.js';
import { type Labels, Numbering, PairNumbering } from './labels.js';
import { type IndexedText, indexText, ratioBound, ratioOf } from './similarity.js';

/** The state that a step was taken in: any value of JSON, compared by structure. */
export type Anchor =
  | string
  | number
  | boolean
  | null
  | readonly Anchor[]
  | { readonly [name: string]: Anchor };

const MAX_DEPTH = 100;

/**
 * Text that is equal for equal structures alone; names of objects are sorted.
 * @throws AlgorithmError ALGORITHM_ANCHOR
 */
function canonical(anchor: Anchor, depth = 0): string {
  if (depth > MAX_DEPTH) {
    throw new AlgorithmError('ALGORITHM_ANCHOR', `an anchor is nested deeper than ${MAX_DEPTH} levels`);
  }
  if (typeof anchor === 'number' && !Number.isFinite(anchor)) {
    throw new AlgorithmError('ALGORITHM_ANCHOR', `an anchor holds ${anchor}, want finite numbers`);
  }
  if (typeof anchor !== 'object' || anchor === null) return JSON.stringify(anchor);
  if (isList(anchor)) return `[${anchor.map((item) => canonical(item, depth + 1)).join(',')}]`;
  const fields = Object.entries(anchor).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, item]) => `${JSON.stringify(name)}:${canonical(item, depth + 1)}`).join(',')}}`;
}

/** Array.isArray does not narrow a union with a read-only array. */
const isList = (anchor: Anchor): anchor is readonly Anchor[] => Array.isArray(anchor);

/** Number of each anchor's structure, whatever its group; texts are their own keys, so that none is copied. */
function structures(anchors: readonly Anchor[]): number[] {
  const texts = new Map<string, number>();
  const others = new Map<string, number>();
  return anchors.map((anchor) => {
    const [table, key] = typeof anchor === 'string' ? [texts, anchor] : [others, canonical(anchor)];
    const known = table.get(key);
    if (known !== undefined) return known;
    const next = texts.size + others.size;
    table.set(key, next);
    return next;
  });
}

/**
 * Anchor groups: samples of the same group in the same state (GiGPO specification 1.3, point 8), in expected linear
 * time of the anchors' text.
 * @throws AlgorithmError ALGORITHM_ANCHOR
 */
export function exactAnchorGroups(groups: Labels, anchors: readonly Anchor[]): Labels {
  const numbering = new PairNumbering();
  const labels = structures(anchors).map((structure, i) => numbering.of(groups.labels[i] ?? 0, structure));
  return { labels, count: numbering.count };
}

interface Cluster {
  readonly first: IndexedText;
  readonly label: number;
}

/**
 * Anchor groups of similar texts (GiGPO specification 1.3, point 9): in order, a sample joins the first cluster of
 * its group whose first member has a ratio of at least `threshold`, else it opens one. The sample is the first text of
 * the ratio, the cluster's member the second. Texts seen before are not compared again, and only texts that share enough
 * characters are compared at all; the rest costs distinct texts times clusters.
 * @throws AlgorithmError ALGORITHM_ANCHOR for an anchor that is no text, or too long a one
 */
export function similarAnchorGroups(groups: Labels, anchors: readonly Anchor[], threshold: number): Labels {
  const indexed = new Map<string, IndexedText>();
  const clusters = Array.from({ length: groups.count }, (): Cluster[] => []);
  const known = Array.from({ length: groups.count }, () => new Map<string, number>());
  let count = 0;
  const labels = anchors.map((anchor, i) => {
    if (typeof anchor !== 'string') {
      throw new AlgorithmError('ALGORITHM_ANCHOR', `anchors[${i}] is not a text, which similarity needs`);
    }
    const group = groups.labels[i] ?? 0;
    const seen = known[group]?.get(anchor);
    if (seen !== undefined) return seen;
    const text = indexed.get(anchor) ?? indexText(anchor);
    indexed.set(anchor, text);
    const joined = clusters[group]?.find(
      ({ first }) => ratioBound(text, first) >= threshold && ratioOf(text.points, first) >= threshold,
    );
    const label = joined?.label ?? count++;
    if (joined === undefined) clusters[group]?.push({ first: text, label });
    known[group]?.set(anchor, label);
    return label;
  });
  return { labels, count };
}

/**
 * Longer and longer histories: the k-th partition, of `depth`, joins samples whose last k anchor groups within their
 * trajectory are the same, null for samples whose trajectory has fewer steps by then. Samples of a trajectory stand
 * in the order of its steps. Linear in samples times depth.
 */
export function historyGroups(
  anchorGroups: Labels,
  trajectories: Labels,
  depth: number,
): (readonly (number | null)[])[] {
  const previous = new Map<number, number>();
  const before = trajectories.labels.map((trajectory, i) => {
    const at = previous.get(trajectory) ?? null;
    previous.set(trajectory, i);
    return at;
  });
  const levels: (readonly (number | null)[])[] = [anchorGroups.labels];
  while (levels.length < depth) {
    const shorter = levels.at(-1) ?? [];
    const numbering = new PairNumbering();
    // The last k anchors at a step: the last k - 1 at the step before, then this one.
    const longer = anchorGroups.labels.map((label, i) => {
      const at = before[i] ?? null;
      const history = at === null ? null : (shorter[at] ?? null);
      return history === null ? null : numbering.of(history, label);
    });
    levels.push(longer);
  }
  return levels;
}

/** A level of a history as a partition, in which samples without that much history are alone. */
export function aloneWhereShort(level: readonly (number | null)[]): Labels {
  const numbering = new Numbering<number>();
  const labels = level.map((label, i) => numbering.of(label ?? -1 - i));
  return { labels, count: numbering.count };
}
