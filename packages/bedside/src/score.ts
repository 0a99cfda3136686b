/** The bedside scores this package knows. */
export type ScoreName = 'curb65' | 'qsofa' | 'cha2ds2vasc' | 'glasgow' | 'wellsdvt' | 'calcium';

/** One value that a finding can take. */
export interface ScoredValue {
  /** As the case writes it, without the unit. */
  readonly text: string;
  /** What it adds to the total, in the score's own unit (points, or mg/dL for calcium). */
  readonly points: number;
}

/** One criterion of a score: what it is called, which values it takes, what each is worth. */
export interface Criterion {
  /** Stable key, unique within the score. */
  readonly key: string;
  /** The name a trace uses. */
  readonly label: string;
  /** The names a case may use; a value follows its name directly. */
  readonly names: readonly string[];
  /** Printed after the value in the cases that print units. */
  readonly unit?: string;
  /** Every value a case may hold. */
  readonly values: readonly ScoredValue[];
  /** True where the value itself is the starting amount, so that a trace prints no addend. */
  readonly isBase?: boolean;
}

/** A bedside score: a sum over criteria. */
export interface ScoreDefinition {
  readonly name: ScoreName;
  /** The condition in which the score is asked for. */
  readonly problem: string;
  /** Opening sentences of a case. */
  readonly openings: readonly string[];
  /** Closing questions of a case. */
  readonly questions: readonly string[];
  /** In the order in which a careful reader goes over them. */
  readonly criteria: readonly Criterion[];
  /** Digits after the decimal point of a total. */
  readonly decimals: 0 | 1;
  /** The offered totals: least, greatest and the distance between neighbours, in the score's unit. */
  readonly options: { readonly least: number; readonly greatest: number; readonly step: number };
  /** How many unrelated findings a case holds: least and greatest. */
  readonly distractors: readonly [number, number];
}

/** Values that are whole numbers from `first` to `last`, `step` apart, each worth `points(number)`. */
export const wholeNumbers = (
  range: { readonly first: number; readonly last: number; readonly step: number },
  points: (value: number) => number,
): ScoredValue[] => {
  const values: ScoredValue[] = [];
  for (let value = range.first; value <= range.last; value += range.step) {
    values.push({ text: String(value), points: points(value) });
  }
  return values;
};

/**
 * A sign that is there or not, each in a word of its own (`diabetic`, `euglycaemic`); `worth` points when it is. Words that no other
 * finding uses let a small model tell values apart without first having to learn whose they are.
 */
export const signs = (positive: string, negative: string, worth: number): ScoredValue[] => [
  { text: positive, points: worth },
  { text: negative, points: 0 },
];

/** A blood pressure in mmHg, systolic over diastolic. */
export interface BloodPressure {
  readonly systolic: number;
  readonly diastolic: number;
}

/** Pressures (mmHg) from shock to hypertension; some are low in the diastolic part only. */
const BLOOD_PRESSURES: readonly BloodPressure[] = [
  { systolic: 74, diastolic: 42 },
  { systolic: 82, diastolic: 54 },
  { systolic: 84, diastolic: 62 },
  { systolic: 86, diastolic: 64 },
  { systolic: 88, diastolic: 66 },
  { systolic: 92, diastolic: 56 },
  { systolic: 96, diastolic: 58 },
  { systolic: 98, diastolic: 68 },
  { systolic: 100, diastolic: 70 },
  { systolic: 104, diastolic: 60 },
  { systolic: 112, diastolic: 58 },
  { systolic: 116, diastolic: 74 },
  { systolic: 122, diastolic: 76 },
  { systolic: 126, diastolic: 82 },
  { systolic: 138, diastolic: 88 },
  { systolic: 152, diastolic: 92 },
];

/** Blood pressures written as systolic/diastolic, each worth `points(pressure)`. */
export const bloodPressures = (points: (pressure: BloodPressure) => number): ScoredValue[] =>
  BLOOD_PRESSURES.map((pressure) => ({
    text: `${pressure.systolic}/${pressure.diastolic}`,
    points: points(pressure),
  }));
