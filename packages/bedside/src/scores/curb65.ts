import type { ScoreDefinition } from '../score.js';
import { bloodPressures, signs, wholeNumbers } from '../score.js';

/**
 * CURB-65, severity of community-acquired pneumonia (Lim et al., Thorax 2003;58:377): one point each for confusion, blood
 * urea nitrogen above 19 mg/dL (urea above 7 mmol/L), 30 breaths per minute or more, systolic pressure below 90 or diastolic
 * of 60 mmHg or less, and age of 65 years or more. Range 0 to 5.
 */
export const CURB65: ScoreDefinition = {
  name: 'curb65',
  problem: 'pneumonia',
  openings: ['Pneumonia on the ward.', 'Admitted with pneumonia.', 'Cough and fever, pneumonia on film.'],
  questions: ['CURB-65 score?', 'What is the CURB-65?', 'Give the CURB-65 total.'],
  criteria: [
    {
      key: 'confusion',
      label: 'mentation',
      names: ['mentation', 'mental state'],
      values: signs('confused', 'lucid', 1),
    },
    {
      key: 'urea',
      label: 'BUN',
      names: ['BUN', 'urea nitrogen'],
      unit: 'mg/dL',
      values: wholeNumbers({ first: 9, last: 45, step: 2 }, (value) => (value > 19 ? 1 : 0)),
    },
    {
      key: 'respiration',
      label: 'RR',
      names: ['RR', 'respirations'],
      values: wholeNumbers({ first: 14, last: 40, step: 2 }, (value) => (value >= 30 ? 1 : 0)),
    },
    {
      key: 'pressure',
      label: 'BP',
      names: ['BP', 'blood pressure'],
      values: bloodPressures((value) => (value.systolic < 90 || value.diastolic <= 60 ? 1 : 0)),
    },
    {
      key: 'age',
      label: 'age',
      names: ['age', 'aged'],
      values: wholeNumbers({ first: 47, last: 91, step: 2 }, (value) => (value >= 65 ? 1 : 0)),
    },
  ],
  decimals: 0,
  options: { least: 0, greatest: 5, step: 1 },
  distractors: [2, 3],
};
