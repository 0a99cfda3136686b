import { uniformBelow } from '@residency/algorithms';

/** What a goal may cost, and how its task says so. */
export interface PriceCeiling {
  /** Dollars. */
  readonly upper: number;
  /** The clause of the task; empty without a price. */
  readonly clause: string;
}

/** Greatest of the prices that a task may name: multiples of ten dollars. */
const MAX_PRICE = 990;
const CANDIDATES = 4;
const NO_CEILING: PriceCeiling = { upper: 1_000_000, clause: '' };

/** Keeps this draw apart from any other under the same seed. */
const STREAM = 0x5e11;

/**
 * Draws what a goal may cost: the larger of two of the first four multiples of ten, 10 to 990, above the price;
 * no ceiling where there are fewer than two. Source: specs/webshop.md section 2.
 * @param price what the product costs, in dollars
 * @param key what the draw depends on, integers in [0, 2^32)
 */
export function drawPriceCeiling(price: number, key: readonly number[]): PriceCeiling {
  const first = Math.max(10, (Math.floor(price / 10) + 1) * 10);
  const count = Math.min(CANDIDATES, Math.floor((MAX_PRICE - first) / 10) + 1);
  if (count < 2) return NO_CEILING;
  const one = uniformBelow(count, [STREAM, 0, ...key]);
  const other = uniformBelow(count - 1, [STREAM, 1, ...key]);
  const upper = first + 10 * Math.max(one, other < one ? other : other + 1);
  return { upper, clause: `, and price lower than ${upper.toFixed(2)} dollars` };
}
