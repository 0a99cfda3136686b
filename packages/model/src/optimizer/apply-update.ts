import { ModelError } from '../errors.js';
import type { NamedTensor } from '../safetensors.js';
import { type AdamHyperparameters, type AdamState, adamW } from './adam.js';
import type { GradientSum } from './gradient-sum.js';
import { clipScale, globalNorm } from './norm.js';
import { type ScheduleSpec, scheduleAt } from './schedule.js';

/**
 * Why an update was left out: the step had no token with a loss; a gradient is infinite or not a number; the
 * update would have made a parameter or a moment so. Gradients that are all zero are no reason: AdamW then
 * moves by its momentum and decay.
 */
export type SkipReason = 'no_tokens' | 'non_finite_gradients' | 'non_finite_update';

export interface UpdateRequest {
  readonly parameters: readonly NamedTensor[];
  readonly moments: AdamState;
  /** The gradient of the step's loss, all groups added. */
  readonly gradients: GradientSum;
  /** Tokens that carried a loss. */
  readonly tokens: number;
  readonly schedule: ScheduleSpec;
  /**
   * The run's step that the schedule is read at, from 0: it counts steps, also those whose update was left
   * out.
   */
  readonly step: number;
  readonly adam: Omit<AdamHyperparameters, 'learningRate'>;
  /** Global L2 norm that the gradient is clipped to; 0 means no clipping. */
  readonly maxGradNorm: number;
}

export interface UpdateMetrics {
  /** Global L2 norm of the gradient before clipping; NaN or infinite where a gradient is. */
  readonly gradNorm: number;
  /** What the gradient was multiplied by, 0 to 1; below 1 where it was clipped. */
  readonly clipScale: number;
  readonly learningRate: number;
  /** Global L2 norm of what was added to the parameters; 0 where the update was left out. */
  readonly updateNorm: number;
  /** Global L2 norm of the parameters that the step ends with. */
  readonly parameterNorm: number;
}

export interface Update {
  /**
   * The parameters and moments to go on with: those of the request, the same objects, where `skipped` is not
   * null.
   */
  readonly parameters: readonly NamedTensor[];
  readonly moments: AdamState;
  readonly skipped: SkipReason | null;
  readonly metrics: UpdateMetrics;
}

/**
 * One step of the optimiser: the gradient clipped by its global norm and applied by AdamW at the schedule's
 * learning rate, or the state as it was, with a reason. A pure function of its request.
 * @throws ModelError `MODEL_REQUEST` on a hyperparameter out of its range
 */
export function applyUpdate(request: UpdateRequest): Update {
  const { parameters, moments, gradients, tokens, adam, maxGradNorm } = request;
  checkRanges(request);
  const learningRate = scheduleAt(request.schedule, request.step);
  const gradNorm = gradients.norm();
  const skip = (skipped: SkipReason, scale: number): Update => ({
    parameters,
    moments,
    skipped,
    metrics: { gradNorm, clipScale: scale, learningRate, updateNorm: 0, parameterNorm: normOf(parameters) },
  });
  if (tokens === 0) return skip('no_tokens', 1);
  if (!Number.isFinite(gradNorm)) return skip('non_finite_gradients', 1);
  const scale = clipScale(gradNorm, maxGradNorm);
  const next = adamW(parameters, gradients.sums, moments, scale, { ...adam, learningRate });
  const updateNorm = distance(parameters, next.parameters);
  // A second moment that overflows single precision would divide every later update of its parameter to 0,
  // unseen.
  const isSound = Number.isFinite(updateNorm) && Number.isFinite(globalNorm(next.state.v));
  if (!isSound) return skip('non_finite_update', scale);
  return {
    parameters: next.parameters,
    moments: next.state,
    skipped: null,
    metrics: {
      gradNorm,
      clipScale: scale,
      learningRate,
      updateNorm,
      parameterNorm: normOf(next.parameters),
    },
  };
}

function checkRanges({ adam, maxGradNorm, tokens }: UpdateRequest): void {
  const { beta1, beta2, epsilon, weightDecay } = adam;
  const isShareBelow1 = (value: number): boolean => value >= 0 && value < 1;
  const isAtLeast0 = (value: number): boolean => value >= 0 && value < Number.POSITIVE_INFINITY;
  const rules = [
    ['beta1', beta1, isShareBelow1, 'a number from 0 to below 1'],
    ['beta2', beta2, isShareBelow1, 'a number from 0 to below 1'],
    ['epsilon', epsilon, isAtLeast0, 'a number of at least 0'],
    ['weightDecay', weightDecay, isAtLeast0, 'a number of at least 0'],
    ['maxGradNorm', maxGradNorm, isAtLeast0, 'a number of at least 0'],
    ['tokens', tokens, isAtLeast0, 'a number of at least 0'],
  ] as const;
  for (const [name, value, isGood, want] of rules) {
    if (!isGood(value)) throw new ModelError('MODEL_REQUEST', `update: ${name} is ${value}, want ${want}`);
  }
}

const normOf = (tensors: readonly NamedTensor[]): number => globalNorm(tensors.map(({ data }) => data));

/** L2 norm of the difference, in double precision and index order. */
function distance(before: readonly NamedTensor[], after: readonly NamedTensor[]): number {
  let square = 0;
  after.forEach(({ name, data }, k) => {
    const old = before[k]?.data;
    if (!old) throw new TypeError(`internal: ${name} has no value from before the update`);
    square += squareDistance(old, data);
  });
  return Math.sqrt(square);
}

function squareDistance(a: Float32Array, b: Float32Array): number {
  let square = 0;
  for (let i = 0; i < b.length; i++) {
    const difference = (b[i] ?? 0) - (a[i] ?? 0);
    square += difference * difference;
  }
  return square;
}
