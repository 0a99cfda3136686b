import type { Precision, TensorData } from '@residency/tensor';
import { isGradient } from './programs.js';

/** What a run gave, by output. */
export type Outputs = Readonly<Record<string, TensorData>>;

/** How far a device's run may be from the processor's in f32, and by which measure. */
export interface Tolerance {
  readonly measure: 'largest' | 'norm';
  readonly limit: number;
}

/**
 * Three times what the rounding of a chain of products is expected to leave. Operands and result of a product are rounded to
 * `bits` significant bits, each by at most 2^-bits and by about a third of it in the mean square; three such errors are
 * about half of 2^-bits, and they add up like the square root of the chain: some 14 products a layer, forward and backward,
 * of which softmax and SiLU double some. Programs of 3 layers with such roundings cast in gave 0.02 to 0.06 for 8 bits and
 * 0.003 to 0.006 for 11 bits in the gradient that is worst; limits are 0.076 and 0.0095.
 */
const ofBits = (bits: number, layers: number): number => 3 * 2 ** -bits * Math.sqrt(14 * layers);

/** By type of products. In f32 sums of some thousand terms are taken in another order, TF32 off, each rounded to 6e-8. */
export const TOLERANCES: Readonly<Record<Precision, (layers: number) => Tolerance>> = {
  f32: () => ({ measure: 'largest', limit: 1e-4 }),
  f16: (layers) => ({ measure: 'norm', limit: ofBits(11, layers) }),
  bf16: (layers) => ({ measure: 'norm', limit: ofBits(8, layers) }),
};

const numbers = (data: TensorData | undefined): number[] => Array.from(data ?? [], Number);

/** Largest |a - b| relative to the largest |b|. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [worst, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    const d = Math.abs(x - y);
    if (Number.isNaN(d)) return Number.NaN;
    worst = Math.max(worst, d);
    scale = Math.max(scale, Math.abs(y));
  }
  return worst === 0 ? 0 : worst / (scale || Number.MIN_VALUE);
}

/** |a - b| relative to |b|, both by their L2 norms. */
export function relativeNorm(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [apart, size] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    apart += (x - y) ** 2;
    size += y ** 2;
  }
  return apart === 0 ? 0 : Math.sqrt(apart / (size || Number.MIN_VALUE));
}

const worstOf = (differences: readonly number[]): number =>
  differences.reduce((worst, d) => (Number.isNaN(worst) || worst > d ? worst : d), 0);

interface Measured {
  readonly values: number;
  readonly gradients: number;
}

type Measure = (
  ours: Outputs,
  theirs: Outputs,
  names: { readonly values: readonly string[]; readonly gradients: readonly string[] },
) => Measured;

const MEASURES: Readonly<Record<Tolerance['measure'], Measure>> = {
  largest: (ours, theirs, { values, gradients }) => {
    const worst = (names: readonly string[]): number =>
      worstOf(names.map((n) => relativeDifference(numbers(ours[n]), numbers(theirs[n]))));
    return { values: worst(values), gradients: worst(gradients) };
  },
  // Of values together: a loss that nearly cancels is rounding alone.
  norm: (ours, theirs, { values, gradients }) => ({
    values: relativeNorm(
      values.flatMap((n) => numbers(ours[n])),
      values.flatMap((n) => numbers(theirs[n])),
    ),
    gradients: worstOf(gradients.map((n) => relativeNorm(numbers(ours[n]), numbers(theirs[n])))),
  }),
};

export interface Difference {
  readonly values: number;
  readonly gradients?: number;
  /** Share of ids that are equal. */
  readonly idsEqual?: number;
  readonly isWithin: boolean;
}

/** Compares values, gradients and ids; ids have to be equal where products are f32. */
export function differenceOf(ours: Outputs, theirs: Outputs, { measure, limit }: Tolerance): Difference {
  const names = Object.keys(theirs);
  const ids = names.filter((n) => theirs[n] instanceof BigInt64Array);
  const gradients = names.filter(isGradient);
  const values = names.filter((n) => !ids.includes(n) && !gradients.includes(n));
  const measured = MEASURES[measure](ours, theirs, { values, gradients });
  const found = {
    values: measured.values,
    ...(gradients.length === 0 ? {} : { gradients: measured.gradients }),
    ...(ids.length === 0 ? {} : { idsEqual: shareEqual(ours, theirs, ids) }),
  };
  // A difference that is no number is no agreement.
  const isWithin = measured.values <= limit && measured.gradients <= limit;
  return { ...found, isWithin: isWithin && (measure === 'norm' || (found.idsEqual ?? 1) === 1) };
}

function shareEqual(ours: Outputs, theirs: Outputs, names: readonly string[]): number {
  const [a, b] = [ours, theirs].map((out) => names.flatMap((n) => numbers(out[n])));
  return equalShare(a ?? [], b ?? []);
}

/** Share of places that hold the same number. */
export const equalShare = (a: readonly number[], b: readonly number[]): number =>
  b.length === 0 ? 1 : b.filter((v, i) => v === a[i]).length / Math.max(a.length, b.length);
