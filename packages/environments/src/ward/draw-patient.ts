import { uniform, uniformBelow } from '@residency/algorithms';
import { EnvironmentError } from '../errors.js';
import type { Ward } from './build-ward.js';

/** A patient whose disease and findings are settled before anybody asks. */
export interface WardPatient {
  readonly presentation: string;
  /** Place of the disease in the ward's list. */
  readonly disease: number;
  /** Whether each finding of the ward is present. */
  readonly present: readonly boolean[];
}

/** Keeps these random draws apart from those of other environments under the same seed. */
const STREAM = 0x3a4d;

/** What a draw is for. */
const DRAWS = { disease: 0, person: 1, firstFinding: 2 } as const;

/** Who comes says nothing about what they have, so that the ward's probabilities are all there is to know. */
const PEOPLE = ['A 29-year-old woman', 'A 44-year-old man', 'A 61-year-old woman', 'A 76-year-old man'];

/** @throws EnvironmentError ENVIRONMENT_SEED */
export function checkSeed(seed: number): void {
  if (Number.isInteger(seed) && seed >= 0 && seed <= 0xffffffff) return;
  throw new EnvironmentError('ENVIRONMENT_SEED', 'seed', `seed is ${seed}, want an integer in [0, 2^32)`);
}

/**
 * The patient of a ward and seed: a disease by its prior, then each finding by its probability given the disease.
 * @param seed an integer in [0, 2^32)
 * @throws EnvironmentError ENVIRONMENT_SEED
 */
export function drawWardPatient(ward: Ward, seed: number): WardPatient {
  checkSeed(seed);
  const { diseases, findings } = ward;
  const key = (draw: number) => [STREAM, diseases.length, findings.length, seed, draw];
  const drawn = uniform(key(DRAWS.disease));
  let below = 0;
  const found = diseases.findIndex(({ prior }) => {
    below += prior;
    return drawn < below;
  });
  // Rounding may leave the sum of priors just below 1.
  const disease = found === -1 ? diseases.length - 1 : found;
  const person = PEOPLE[uniformBelow(PEOPLE.length, key(DRAWS.person))] ?? '';
  return {
    presentation: `${person} has been taken ill today.`,
    disease,
    present: findings.map(
      ({ chances }, index) => uniform(key(DRAWS.firstFinding + index)) < (chances[disease] ?? 0),
    ),
  };
}
