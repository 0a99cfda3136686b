import { uniform, uniformBelow } from '@residency/algorithms';
import { pointsOf, type Response, responseTo, VITAL_SIGNS, type VitalSign, vitalSigns } from './news2.js';

/** A patient whose measurements are settled before anybody asks for them. */
export interface Patient {
  readonly presentation: string;
  readonly values: Readonly<Record<VitalSign, number>>;
  /** What the measurements call for. */
  readonly response: Response;
}

const PEOPLE = ['A 24-year-old man', 'A 37-year-old woman', 'A 58-year-old man', 'A 71-year-old woman'];
const COMPLAINTS = [
  'a cough for three days',
  'abdominal pain',
  'feeling unwell',
  'a fall at home',
  'a fever',
];

/** Chance of an abnormal measurement, by how ill a patient is drawn: well, ill, very ill. */
const ABNORMAL = [0.12, 0.35, 0.65] as const;

/** Keeps this environment's random draws apart from any other's under the same seed. */
const STREAM = 0x7419e;

/** What a draw is for; the second word of its key. */
const DRAWS = { severity: 0, person: 1, complaint: 2, firstVital: 3 } as const;

function pick<T>(values: readonly [T, ...T[]] | readonly T[], fallback: T, key: readonly number[]): T {
  return values[uniformBelow(values.length, key)] ?? fallback;
}

function drawValue(sign: VitalSign, abnormal: number, key: readonly number[]): number {
  const { bands } = vitalSigns[sign];
  const wanted = uniform([...key, 0]) < abnormal;
  const candidates = bands.filter(({ points }) => points > 0 === wanted);
  const chosen = candidates[uniformBelow(candidates.length, [...key, 1])];
  if (chosen === undefined) return 0;
  return chosen.least + uniformBelow(chosen.greatest - chosen.least + 1, [...key, 2]);
}

/** The patient of a seed. */
export function drawPatient(seed: number): Patient {
  const abnormal = pick(ABNORMAL, ABNORMAL[0], [STREAM, DRAWS.severity, seed]);
  const person = pick(PEOPLE, '', [STREAM, DRAWS.person, seed]);
  const complaint = pick(COMPLAINTS, '', [STREAM, DRAWS.complaint, seed]);
  const drawn = VITAL_SIGNS.map(
    (sign, index) => [sign, drawValue(sign, abnormal, [STREAM, DRAWS.firstVital + index, seed])] as const,
  );
  return {
    presentation: `${person} comes in with ${complaint}.`,
    // One entry for each name of the total list.
    values: Object.fromEntries(drawn) as Record<VitalSign, number>,
    response: responseTo(drawn.map(([sign, value]) => pointsOf(sign, value))),
  };
}
