import { checkSchedule, type LearnHyperparameters, scheduleAt } from '@residency/model';
import type { RunHyperparameters } from '@residency/protocol';

/**
 * What the engine takes one step of a run with: the run's settings, with the learning rate that its schedule gives
 * this step.
 * @param step number of the training step, from 0
 * @throws ModelError `MODEL_REQUEST` naming the field of a schedule that makes no sense
 */
export function engineHyperparameters(run: RunHyperparameters, step: number): LearnHyperparameters {
  const { schedule, ...given } = run;
  // The temperature of a run that learns from data is that of its evaluations.
  const isSampled = (run.objective ?? 'policy') === 'policy';
  const hyperparameters = isSampled ? given : { ...given, temperature: 1 };
  if (schedule === undefined) return hyperparameters;
  const { shape, warmupSteps, totalSteps, minShare } = schedule;
  const { learningRate } = hyperparameters;
  const spec = checkSchedule({ shape, learningRate, warmup: { steps: warmupSteps }, totalSteps, minShare });
  return { ...hyperparameters, learningRate: scheduleAt(spec, step) };
}
