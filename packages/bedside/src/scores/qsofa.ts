import type { ScoreDefinition } from '../score.js';
import { bloodPressures, wholeNumbers } from '../score.js';

/**
 * qSOFA, risk of poor outcome in suspected infection (Singer et al., JAMA 2016;315:801): one point each for 22 breaths per
 * minute or more, systolic pressure of 100 mmHg or less, and altered mentation (Glasgow Coma Scale below 15). Range 0 to 3;
 * a total of 4, which the older SIRS criteria allow, is offered as a wrong option.
 */
export const QSOFA: ScoreDefinition = {
  name: 'qsofa',
  problem: 'sepsis',
  openings: ['Suspected infection.', 'Possible sepsis.', 'Fever and chills, sepsis feared.'],
  questions: ['qSOFA score?', 'What is the qSOFA?', 'Give the qSOFA total.'],
  criteria: [
    {
      key: 'respiration',
      label: 'RR',
      names: ['RR', 'respirations'],
      values: wholeNumbers({ first: 16, last: 34, step: 2 }, (value) => (value >= 22 ? 1 : 0)),
    },
    {
      key: 'pressure',
      label: 'BP',
      names: ['BP', 'blood pressure'],
      values: bloodPressures((value) => (value.systolic <= 100 ? 1 : 0)),
    },
    {
      key: 'mentation',
      label: 'GCS',
      names: ['GCS', 'coma scale'],
      values: wholeNumbers({ first: 9, last: 15, step: 1 }, (value) => (value < 15 ? 1 : 0)),
    },
  ],
  decimals: 0,
  options: { least: 0, greatest: 4, step: 1 },
  distractors: [3, 4],
};
