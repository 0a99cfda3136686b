/**
 * The National Early Warning Score 2 of the Royal College of Physicians (2017): seven measurements, 0 to 3 points
 * each, and the response that the points call for. Oxygen saturation is on scale 1.
 */

export type VitalSign =
  | 'respiratory rate'
  | 'oxygen saturation'
  | 'oxygen supply'
  | 'blood pressure'
  | 'pulse'
  | 'consciousness'
  | 'temperature';

export type Response = 'routine' | 'urgent' | 'emergency';

/** Values from `least` to `greatest`, both included, in units of the table's `scale`, and what they are worth. */
export interface Band {
  readonly least: number;
  readonly greatest: number;
  readonly points: 0 | 1 | 2 | 3;
}

export interface VitalSignRow {
  /** How a measured value is written. */
  readonly write: (value: number) => string;
  /** Every value that a patient may have, ascending; the outermost bounds are what bedsides see. */
  readonly bands: readonly Band[];
}

const band = (least: number, greatest: number, points: Band['points']): Band => ({ least, greatest, points });

/** Every measurement. Temperatures are in tenths of a degree Celsius, the rest in the unit that is written. */
export const vitalSigns: { readonly [V in VitalSign]: VitalSignRow } = {
  'respiratory rate': {
    write: (value) => `${value} breaths/min`,
    bands: [band(5, 8, 3), band(9, 11, 1), band(12, 20, 0), band(21, 24, 2), band(25, 40, 3)],
  },
  'oxygen saturation': {
    write: (value) => `${value} %`,
    bands: [band(80, 91, 3), band(92, 93, 2), band(94, 95, 1), band(96, 100, 0)],
  },
  'oxygen supply': {
    write: (value) => (value === 0 ? 'room air' : 'oxygen'),
    bands: [band(0, 0, 0), band(1, 1, 2)],
  },
  'blood pressure': {
    write: (value) => `${value} mmHg systolic`,
    bands: [band(70, 90, 3), band(91, 100, 2), band(101, 110, 1), band(111, 219, 0), band(220, 240, 3)],
  },
  pulse: {
    write: (value) => `${value} beats/min`,
    bands: [
      band(30, 40, 3),
      band(41, 50, 1),
      band(51, 90, 0),
      band(91, 110, 1),
      band(111, 130, 2),
      band(131, 170, 3),
    ],
  },
  consciousness: {
    write: (value) =>
      ['alert', 'newly confused', 'responds to voice', 'unresponsive'][value] ?? 'unresponsive',
    bands: [band(0, 0, 0), band(1, 3, 3)],
  },
  temperature: {
    write: (value) => `${(value / 10).toFixed(1)} °C`,
    bands: [band(330, 350, 3), band(351, 360, 1), band(361, 380, 0), band(381, 390, 1), band(391, 410, 2)],
  },
};

/** Every measurement's name, in the order of the score's chart. */
// The table is total, so that its keys are exactly the names.
export const VITAL_SIGNS: readonly VitalSign[] = Object.keys(vitalSigns) as VitalSign[];

/** Points of one measurement; a value beyond the outermost bands is worth what they are. */
export function pointsOf(sign: VitalSign, value: number): number {
  const { bands } = vitalSigns[sign];
  const found = bands.find(({ greatest }) => value <= greatest) ?? bands[bands.length - 1];
  return found?.points ?? 0;
}

/**
 * The response that the points of all measurements call for: emergency from a total of 7, urgent from a total of 5
 * or for any single 3, else routine.
 */
export function responseTo(points: readonly number[]): Response {
  const total = points.reduce((sum, value) => sum + value, 0);
  if (total >= 7) return 'emergency';
  return total >= 5 || points.includes(3) ? 'urgent' : 'routine';
}
