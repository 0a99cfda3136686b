import { uniform } from '@residency/algorithms';

/** What a product without a price costs, in dollars (specs/webshop.md section 1). */
const DEFAULT_PRICE = 100;

/** One price in dollars, or the two ends of a range. */
export type Prices = readonly [number] | readonly [number, number];

/** Keeps this draw apart from any other under the same seed. */
const STREAM = 0x5409;

/** A number as Python prints a float: 10 is `10.0`. */
const asFloat = (value: number): string => (Number.isInteger(value) ? `${value}.0` : String(value));

/**
 * Prices of a `pricing` text: the numbers after each `$`, commas left out; the first two where there are more, 100
 * where the text is empty; null where it is neither empty nor such a list (specs/webshop.md section 1).
 */
export function parsePrices(pricing: string): Prices | null {
  if (pricing.trim() === '') return [DEFAULT_PRICE];
  const [before, ...amounts] = pricing.split('$').map((part) => part.trim().replaceAll(',', ''));
  const values = amounts.map((amount) => (/^\d{1,12}(\.\d{0,12})?$/.test(amount) ? Number(amount) : -1));
  const [first, second] = values;
  if (before !== '' || first === undefined || values.includes(-1)) return null;
  return second === undefined ? [first] : [first, second];
}

/** How a page shows prices: `$10.0`, or `$10.52 to $40.5` (specs/webshop.md section 1). */
export function priceTag(prices: Prices): string {
  return prices.map((price) => `$${asFloat(price)}`).join(' to ');
}

/**
 * What a product costs its buyer: its price, or a uniform draw between the ends of its range, decided by the seed
 * and the product's place in the catalogue alone (specs/webshop.md section 1).
 */
export function chargedPrice(prices: Prices, seed: number, place: number): number {
  const [low, high = low] = prices;
  return low === high ? low : low + (high - low) * uniform([STREAM, seed, place]);
}
