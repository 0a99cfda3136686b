import { ModelError } from '../errors.js';

/** How the learning rate falls after its warm-up. */
export type ScheduleShape = 'constant' | 'linear' | 'cosine';

/** Length of the warm-up: in steps, or as a share of all steps from 0 to 1, rounded up to whole steps. */
export type Warmup = { readonly steps: number } | { readonly share: number };

/** How the learning rate of a run moves; plain JSON. */
export interface ScheduleSpec {
  readonly shape: ScheduleShape;
  /** The peak, at least 0. */
  readonly learningRate: number;
  readonly warmup: Warmup;
  /** Steps of the run, at least 1: where `linear` and `cosine` have arrived at their minimum. */
  readonly totalSteps: number;
  /** The minimum as a share of the peak, 0 to 1; a `constant` schedule stays at its peak. */
  readonly minShare: number;
}

/** Share of the peak when a part `progress`, 0 to 1, of the steps after the warm-up is over. */
const SHARES: Readonly<Record<ScheduleShape, (progress: number, minShare: number) => number>> = {
  constant: () => 1,
  linear: (progress, minShare) => minShare + (1 - minShare) * (1 - progress),
  cosine: (progress, minShare) => minShare + ((1 - minShare) * (1 + Math.cos(Math.PI * progress))) / 2,
};

const isShape = (value: unknown): value is ScheduleShape =>
  typeof value === 'string' && Object.hasOwn(SHARES, value);

/** The schedule that always gives one learning rate. */
export const constantSchedule = (learningRate: number): ScheduleSpec => ({
  shape: 'constant',
  learningRate,
  warmup: { steps: 0 },
  totalSteps: 1,
  minShare: 1,
});

/** Steps that the warm-up takes. */
export const warmupSteps = ({ warmup, totalSteps }: ScheduleSpec): number =>
  'steps' in warmup ? warmup.steps : Math.ceil(warmup.share * totalSteps);

/**
 * Learning rate of a step, counted from 0. The warm-up of w steps rises in equal parts, peak * (step + 1) /
 * w, so that its last step has the peak and no step learns nothing. Afterwards progress p = (step - w) /
 * (totalSteps - w) goes from 0 to 1, and the rate is the peak times: 1 (constant); m + (1 - m)(1 - p)
 * (linear); m + (1 - m)(1 + cos(pi p)) / 2 (cosine, Loshchilov & Hutter 2017, equation 5), with m =
 * `minShare`. From `totalSteps` on p stays 1.
 * @param spec one that `checkSchedule` lets pass
 * @throws ModelError `MODEL_REQUEST` on a step that is no whole number of at least 0
 */
export function scheduleAt(spec: ScheduleSpec, step: number): number {
  if (!Number.isInteger(step) || step < 0)
    throw new ModelError('MODEL_REQUEST', `schedule: step is ${step}, want a whole number of at least 0`);
  const warmup = warmupSteps(spec);
  if (step < warmup) return (spec.learningRate * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, spec.totalSteps - warmup));
  return spec.learningRate * SHARES[spec.shape](progress, spec.minShare);
}

/**
 * Reads a schedule from plain data, and refuses one that makes no sense.
 * @throws ModelError `MODEL_REQUEST` naming the field, what was found and what was wanted
 */
export function checkSchedule(value: unknown): ScheduleSpec {
  const spec = fieldsOf(value, 'schedule');
  const bad = (field: string, found: unknown, want: string): ModelError =>
    new ModelError('MODEL_REQUEST', `schedule: ${field} is ${shown(found)}, want ${want}`);
  const { shape, learningRate, totalSteps, minShare } = spec;
  if (!isShape(shape)) throw bad('shape', shape, Object.keys(SHARES).join(', '));
  if (!isBetween(learningRate, 0, Number.MAX_VALUE))
    throw bad('learningRate', learningRate, 'a number of at least 0');
  if (!isBetween(totalSteps, 1, Number.MAX_SAFE_INTEGER) || !Number.isInteger(totalSteps))
    throw bad('totalSteps', totalSteps, 'a whole number above 0');
  if (!isBetween(minShare, 0, 1)) throw bad('minShare', minShare, 'a number from 0 to 1');
  const { steps, share } = fieldsOf(spec['warmup'], 'schedule: warmup');
  const common = { shape, learningRate, totalSteps, minShare };
  if (steps === undefined) {
    if (!isBetween(share, 0, 1)) throw bad('warmup.share', share, 'a number from 0 to 1');
    return { ...common, warmup: { share } };
  }
  if (share !== undefined) throw bad('warmup', spec['warmup'], 'steps or share, not both');
  if (!isBetween(steps, 0, totalSteps) || !Number.isInteger(steps))
    throw bad('warmup.steps', steps, `a whole number from 0 to totalSteps = ${totalSteps}`);
  return { ...common, warmup: { steps } };
}

const isBetween = (value: unknown, min: number, max: number): value is number =>
  typeof value === 'number' && value >= min && value <= max;

/** JSON has no word for a number that is not finite. */
const shown = (value: unknown): string =>
  typeof value === 'number' ? `${value}` : (JSON.stringify(value) ?? 'missing');

function fieldsOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null)
    throw new ModelError('MODEL_REQUEST', `${what} is ${shown(value)}, want an object`);
  return value as Readonly<Record<string, unknown>>; // an object: every field is checked where it is read
}
