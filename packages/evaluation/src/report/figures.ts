import type { AccuracyFigure } from '../results.js';
import type { Interval } from '../statistics/interval.js';

/** How figures are shown, in tables of pages and terminals; `-` stands for none. */

export const percent = (share: number | null): string =>
  share === null ? '-' : `${(100 * share).toFixed(1)} %`;

export const decimal = (value: number | null, digits: number = 2): string =>
  value === null ? '-' : value.toFixed(digits);

/** An interval of shares, in percent. */
export const percentRange = (interval: Interval | null): string =>
  interval === null ? '-' : `${(100 * interval.low).toFixed(1)} to ${(100 * interval.high).toFixed(1)} %`;

export const range = (interval: Interval | null, digits: number = 2): string =>
  interval === null ? '-' : `${interval.low.toFixed(digits)} to ${interval.high.toFixed(digits)}`;

/** A difference of shares, in points. */
export const points = (difference: number): string =>
  `${difference < 0 ? '-' : '+'}${(100 * Math.abs(difference)).toFixed(1)} points`;

export const pointsRange = (interval: Interval | null): string =>
  interval === null ? '-' : `${points(interval.low)} to ${points(interval.high)}`;

/** A p-value, never as 0. */
export const pValue = (p: number): string => (p < 0.001 ? 'p < 0.001' : `p = ${p.toFixed(3)}`);

/** Wilson's interval where it holds, as it does for shares of 0 and 1 too, else the bootstrap's. */
export const bestInterval = ({ wilson, bootstrap }: AccuracyFigure): Interval | null => wilson ?? bootstrap;
