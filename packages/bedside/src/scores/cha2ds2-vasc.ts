import type { ScoreDefinition } from '../score.js';
import { signs, wholeNumbers } from '../score.js';

/**
 * CHA2DS2-VASc, stroke risk in atrial fibrillation (Lip et al., Chest 2010;137:263): heart failure 1, hypertension 1, age of
 * 75 years or more 2 (65 to 74: 1), diabetes 1, earlier stroke, TIA or thromboembolism 2, vascular disease 1, female sex 1.
 * Range 0 to 9.
 */
export const CHA2DS2_VASC: ScoreDefinition = {
  name: 'cha2ds2vasc',
  problem: 'fibrillation',
  openings: [
    'Atrial fibrillation, new.',
    'Atrial fibrillation in clinic.',
    'Palpitations, fibrillation on ECG.',
  ],
  questions: ['CHA2DS2-VASc score?', 'What is the CHA2DS2-VASc?', 'Give the CHA2DS2-VASc total.'],
  criteria: [
    {
      key: 'failure',
      label: 'heart',
      names: ['heart', 'cardiac function'],
      values: signs('failing', 'compensated', 1),
    },
    {
      key: 'hypertension',
      label: 'tension',
      names: ['tension', 'arterial tension'],
      values: signs('hypertensive', 'normotensive', 1),
    },
    {
      key: 'age',
      label: 'age',
      names: ['age', 'aged'],
      values: wholeNumbers({ first: 47, last: 91, step: 2 }, (value) =>
        value >= 75 ? 2 : value >= 65 ? 1 : 0,
      ),
    },
    {
      key: 'diabetes',
      label: 'glycaemia',
      names: ['glycaemia', 'glucose status'],
      values: signs('diabetic', 'euglycaemic', 1),
    },
    {
      key: 'stroke',
      label: 'stroke',
      names: ['stroke history', 'TIA or stroke'],
      values: signs('prior', 'never', 2),
    },
    {
      key: 'vascular',
      label: 'arteries',
      names: ['arteries', 'peripheral arteries'],
      values: signs('diseased', 'healthy', 1),
    },
    {
      key: 'sex',
      label: 'sex',
      names: ['sex', 'gender'],
      values: [
        { text: 'female', points: 1 },
        { text: 'male', points: 0 },
      ],
    },
  ],
  decimals: 0,
  options: { least: 0, greatest: 9, step: 1 },
  distractors: [1, 3],
};
