import type { ScoreDefinition, ScoredValue } from '../score.js';

/** Total calcium in mg/dL, 0.4 apart. */
const calciumValues = (): ScoredValue[] => {
  const values: ScoredValue[] = [];
  for (let tenths = 72; tenths <= 120; tenths += 4) {
    values.push({ text: (tenths / 10).toFixed(1), points: tenths / 10 });
  }
  return values;
};

/**
 * Calcium corrected for albumin (Payne et al., BMJ 1973;4:643): total calcium + 0.8 x (4.0 - albumin), calcium in mg/dL and
 * albumin in g/dL. Albumin is one of 2.0, 2.5, 3.0 and 3.5.
 */
export const CORRECTED_CALCIUM: ScoreDefinition = {
  name: 'calcium',
  problem: 'malnutrition',
  openings: ['Low albumin.', 'Malnutrition, low albumin.', 'Weight loss and malnutrition.'],
  questions: ['Corrected calcium?', 'What is the corrected calcium?', 'Give the corrected calcium.'],
  criteria: [
    {
      key: 'calcium',
      label: 'calcium',
      names: ['calcium', 'serum Ca'],
      unit: 'mg/dL',
      values: calciumValues(),
      isBase: true,
    },
    {
      key: 'albumin',
      label: 'albumin',
      names: ['albumin', 'serum Alb'],
      unit: 'g/dL',
      values: [
        { text: '2.0', points: 1.6 },
        { text: '2.5', points: 1.2 },
        { text: '3.0', points: 0.8 },
        { text: '3.5', points: 0.4 },
      ],
    },
  ],
  decimals: 1,
  options: { least: 6, greatest: 15.2, step: 0.4 },
  distractors: [3, 4],
};
