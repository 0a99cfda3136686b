import { type JobSpec, learnsFromSamples, methodOf } from './job-spec.js';

/** What a unit of work is for: measuring the policy, or improving it. */
export type Phase = 'eval' | 'train';

/**
 * One unit of a run, carried out as one flow and committed once. `step` is the policy version that samples it:
 * training step s uses version s, evaluation e version e: 0 before training, `steps` after it, and those between.
 */
export interface Unit {
  readonly phase: Phase;
  readonly step: number;
}

type Schedule = Pick<JobSpec, 'steps' | 'evalSamples' | 'evalInterval' | 'evaluates'>;

/** Whether a run has evaluations at all. */
export const isEvaluated = ({
  evalSamples,
  evaluates,
}: Pick<Schedule, 'evalSamples' | 'evaluates'>): boolean => evalSamples > 0 || evaluates === 'loss';

/** Training steps from one evaluation to the next. */
const intervalOf = ({ steps, evalInterval = steps }: Schedule): number => evalInterval;

/** The number of units of a run. */
export function unitCount(spec: Schedule): number {
  if (!isEvaluated(spec)) return spec.steps;
  return 1 + spec.steps + Math.ceil(spec.steps / intervalOf(spec));
}

/** The unit at a position, 0 to `unitCount(spec) - 1`: an evaluation, training steps, an evaluation, and so on. */
export function unitAt(spec: Schedule, position: number): Unit {
  if (!Number.isInteger(position) || position < 0 || position >= unitCount(spec)) {
    throw new RangeError(`internal: unit ${position}, wanted 0 to ${unitCount(spec) - 1}`);
  }
  if (!isEvaluated(spec)) return { phase: 'train', step: position };
  if (position === 0) return { phase: 'eval', step: 0 };
  const interval = intervalOf(spec);
  const [round, within] = [Math.floor((position - 1) / (interval + 1)), (position - 1) % (interval + 1)];
  const step = round * interval + within;
  // The last round may be shorter than the others.
  return within === interval || step >= spec.steps
    ? { phase: 'eval', step: Math.min(step, spec.steps) }
    : { phase: 'train', step };
}

/** The position of a unit in its run, the inverse of `unitAt`. */
export function unitPosition(spec: Schedule, { phase, step }: Unit): number {
  if (!isEvaluated(spec)) return step;
  const interval = intervalOf(spec);
  return phase === 'train' ? 1 + step + Math.floor(step / interval) : step + Math.ceil(step / interval);
}

/** The id of a unit's queue job, and with an index that of one of its groups; free of `:` as BullMQ demands. */
export function unitJobId(jobId: string, unit: Unit, index?: number): string {
  const id = `${jobId}-${unit.phase}-${unit.step}`;
  return index === undefined ? id : `${id}-${index}`;
}

/** The dataset that a unit draws its prompts from: evaluation without validation data measures the training cases. */
export function unitDataset(spec: JobSpec, unit: Unit): JobSpec['training'] {
  return unit.phase === 'eval' ? (spec.validation ?? spec.training) : spec.training;
}

/** How many groups a unit has. */
export function unitGroups(spec: JobSpec, unit: Unit): number {
  return unit.phase === 'eval' ? unitDataset(spec, unit).rows : spec.groupsPerStep;
}

/** The temperature of each sample of a group, in order; evaluation adds one greedy sample (0) at the end. */
export function unitTemperatures(spec: JobSpec, unit: Unit): number[] {
  const { temperature } = spec.hyperparameters;
  if (unit.phase === 'train') return Array.from({ length: spec.groupSize }, () => temperature);
  return [...Array.from({ length: spec.evalSamples }, () => temperature), 0];
}

const EVAL_KEY_BASE = 1_000_000_000;

/**
 * The step number that keys a unit's random numbers; evaluation has a key space that no training step reaches. Evaluations
 * after the first share their numbers: versions are compared on equal draws.
 */
export function unitKeyStep(unit: Unit): number {
  if (unit.phase === 'train') return unit.step;
  return EVAL_KEY_BASE + (unit.step === 0 ? 0 : 1);
}

/** Whether a unit takes its rows as they stand, to learn or to measure their loss: nothing is sampled, and no grader is asked. */
export const takesRowsAsTheyStand = (spec: JobSpec, unit: Unit): boolean =>
  !learnsFromSamples(methodOf(spec)) && (unit.phase === 'train' || spec.evaluates === 'loss');
