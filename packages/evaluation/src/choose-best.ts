import { EvaluationError } from './errors.js';

/** A state of training that was evaluated. */
export interface EvaluatedCheckpoint {
  /** Steps that were learned. */
  readonly step: number;
  /** Accuracy on questions that are not trained on, 0 to 1; null where none could be told. */
  readonly accuracy: number | null;
}

/**
 * The checkpoint with the highest evaluation accuracy, of equals the one with the fewest steps; null where none has an
 * accuracy. The reward of training has no say: it rises too when a policy learns what the reward does not mean (CRPO
 * specification 3.2 stops early on a validation set, 6.4 lists ways to earn reward without being right).
 * The order of the list does not matter, unless two entries have one step, of which the first is taken.
 * @throws EvaluationError EVALUATION_NUMBER for an accuracy outside [0, 1]
 */
export function chooseBest<T extends EvaluatedCheckpoint>(checkpoints: readonly T[]): T | null {
  let best: { readonly checkpoint: T; readonly accuracy: number } | null = null;
  for (const checkpoint of checkpoints) {
    const { accuracy, step } = checkpoint;
    if (accuracy === null) continue;
    if (!(accuracy >= 0 && accuracy <= 1))
      throw new EvaluationError(
        'EVALUATION_NUMBER',
        `accuracy of step ${step} is ${accuracy}, want 0 to 1 or null`,
      );
    const isBetter =
      best === null ||
      accuracy > best.accuracy ||
      (accuracy === best.accuracy && step < best.checkpoint.step);
    if (isBetter) best = { checkpoint, accuracy };
  }
  return best?.checkpoint ?? null;
}
