/** How one token is drawn; what is left out leaves the distribution as it is. */
export interface DrawRule {
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly minP?: number;
}

/** A filtered distribution over ids, and the ids about which rounding decides. */
export interface Distribution {
  /** Probability of each id, 0 where it is left out. */
  readonly p: readonly number[];
  /** Ids whose being left out or not hangs on less than what f32 resolves. */
  readonly doubtful: ReadonlySet<number>;
}

/** Closer to a bound than this, relative to it, f32 and f64 may decide differently. */
const DOUBT = 1e-5;

/**
 * The distribution that a token is drawn from, in double precision, from its definitions: probabilities at the temperature;
 * the `topK` most likely ids, smaller ids first among equals; of these the most likely ones, in order, until they hold `topP`
 * (nucleus sampling, Holtzman et al. 2020); of these those that are at least `minP` times as likely as the most likely one
 * (Nguyen et al. 2024).
 */
export function filteredDistribution(logprobs: readonly number[], rule: DrawRule): Distribution {
  const { temperature, topK = 0, topP = 1, minP = 0 } = rule;
  const most = Math.max(...logprobs);
  const weights = logprobs.map((l) => Math.exp((l - most) / temperature));
  const order = weights.map((_, id) => id).sort((a, b) => (weights[b] ?? 0) - (weights[a] ?? 0) || a - b);
  const top = topK > 0 ? order.slice(0, topK) : order;
  const weightOf = (id: number): number => weights[id] ?? Number.NaN;
  const total = top.reduce((sum, id) => sum + weightOf(id), 0);
  const doubtful = new Set<number>();
  const kept: number[] = [];
  let before = 0;
  for (const [rank, id] of top.entries()) {
    const share = before / total;
    const relative = weightOf(id) / weightOf(top[0] ?? id);
    before += weightOf(id);
    if (rank === 0) {
      kept.push(id);
      continue;
    }
    if ((topP < 1 && Math.abs(share - topP) < DOUBT) || (minP > 0 && Math.abs(relative / minP - 1) < DOUBT))
      doubtful.add(id);
    if ((topP === 1 || share < topP) && relative >= minP) kept.push(id);
  }
  const last = top.at(-1);
  const next = order[top.length];
  // The bound of top-k between ids that are equally likely but for rounding.
  if (last !== undefined && next !== undefined && weightOf(next) / weightOf(last) > 1 - DOUBT) {
    doubtful.add(last);
    doubtful.add(next);
  }
  const sum = kept.reduce((n, id) => n + weightOf(id), 0);
  const isKept = new Set(kept);
  return { p: weights.map((w, id) => (isKept.has(id) ? w / sum : 0)), doubtful };
}
