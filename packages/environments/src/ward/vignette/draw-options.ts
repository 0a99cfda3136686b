import { shuffle } from '@residency/algorithms';
import { MAX_OPTIONS } from './limits.js';
import type { Vignette } from './vignette.js';
import { namesDiagnosis } from './words.js';

/** Keeps these random draws apart from those of other environments under the same seed. */
const STREAM = 0x0b71;

export interface DrawnOptions {
  /** A file's cases. */
  readonly cases: readonly Vignette[];
  /** Which of them. */
  readonly row: number;
  /** Options wanted, an integer from 2 to 26; fewer where the cases have fewer diagnoses. */
  readonly count: number;
  /** An integer in [0, 2^32). */
  readonly seed: number;
}

/**
 * A case whose diagnosis is stated as text, with options to choose from: its own diagnosis and those of other cases.
 * One that has options keeps them; undefined where there is no such row.
 */
export function withDrawnOptions({ cases, row, count, seed }: DrawnOptions): Vignette | undefined {
  const vignette = cases[row];
  if (vignette === undefined || vignette.options !== null) return vignette;
  const names = [...new Set(cases.map(({ diagnosis }) => diagnosis))];
  const others = names.filter((name) => !namesDiagnosis(name, vignette.diagnosis));
  const order = shuffle(others.length, [STREAM, seed, row, 0]);
  const wrong = order.slice(0, Math.min(count, MAX_OPTIONS) - 1).flatMap((place) => others[place] ?? []);
  const drawn = [vignette.diagnosis, ...wrong];
  const options = shuffle(drawn.length, [STREAM, seed, row, 1]).flatMap((place) => drawn[place] ?? []);
  return { ...vignette, options };
}
