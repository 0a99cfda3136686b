import type { AxisName } from './axes.js';

/** A kind of made-up product. */
export interface ProductKind {
  /** As a title names it. */
  readonly noun: string;
  /** As a shopper searches it. */
  readonly query: string;
  /** Last parts of its category, `Monitors › Blood Pressure`. */
  readonly shelf: string;
  /** Attributes that only this kind has; at least four. */
  readonly attributes: readonly string[];
  readonly axes: readonly AxisName[];
  /** Least and greatest price in dollars. */
  readonly price: readonly [number, number];
}

/** Kinds that are sold side by side. */
export interface Department {
  readonly category: string;
  /** First part of its products' categories. */
  readonly hall: string;
  /** Attributes that all its kinds may have. */
  readonly attributes: readonly string[];
  /** What its products are for. */
  readonly uses: readonly string[];
  readonly kinds: readonly ProductKind[];
}

/** Lists are written as texts with `, ` between entries. */
export function kind(
  names: readonly [noun: string, query: string, shelf: string],
  attributes: string,
  axes: readonly AxisName[],
  price: readonly [number, number],
): ProductKind {
  const [noun, query, shelf] = names;
  return { noun, query, shelf, attributes: attributes.split(', '), axes, price };
}
