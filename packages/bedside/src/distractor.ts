import type { RandomStream } from './random.js';
import type { Criterion, ScoreDefinition, ScoredValue } from './score.js';
import { signs, wholeNumbers } from './score.js';

const unscored = (): number => 0;

const decimals = (firstTenths: number, lastTenths: number, stepTenths: number): ScoredValue[] =>
  wholeNumbers({ first: firstTenths, last: lastTenths, step: stepTenths }, unscored).map((value) => ({
    text: (Number(value.text) / 10).toFixed(1),
    points: 0,
  }));

/** Findings that no score of this package counts: a case holds a few of them to be passed over. */
export const DISTRACTORS: readonly Criterion[] = [
  {
    key: 'pulse',
    label: 'pulse',
    names: ['pulse', 'HR'],
    values: wholeNumbers({ first: 60, last: 132, step: 4 }, unscored),
  },
  {
    key: 'temperature',
    label: 'temperature',
    names: ['temperature', 'temp'],
    values: decimals(364, 400, 4),
  },
  {
    key: 'saturation',
    label: 'SpO2',
    names: ['SpO2', 'oxygen saturation'],
    values: wholeNumbers({ first: 84, last: 98, step: 2 }, unscored),
  },
  {
    key: 'sodium',
    label: 'sodium',
    names: ['sodium', 'Na'],
    values: wholeNumbers({ first: 128, last: 146, step: 2 }, unscored),
  },
  {
    key: 'potassium',
    label: 'potassium',
    names: ['potassium', 'K'],
    values: decimals(32, 52, 4),
  },
  {
    key: 'hematocrit',
    label: 'hematocrit',
    names: ['hematocrit', 'Hct'],
    values: decimals(265, 485, 20),
  },
  {
    key: 'smoking',
    label: 'tobacco',
    names: ['tobacco', 'tobacco use'],
    values: signs('smoker', 'nonsmoker', 0),
  },
  {
    key: 'headache',
    label: 'headache',
    names: ['headache', 'cephalgia'],
    values: signs('throbbing', 'resolved', 0),
  },
  {
    key: 'asthma',
    label: 'airways',
    names: ['airways', 'bronchial tree'],
    values: signs('wheezing', 'quiet', 0),
  },
];

/** Draws the unrelated findings of a case, without repetition, as many as the score's definition asks for. */
export const drawDistractors = (score: ScoreDefinition, stream: RandomStream): Criterion[] => {
  const [least, greatest] = score.distractors;
  return stream.shuffle(DISTRACTORS).slice(0, least + stream.below(greatest - least + 1));
};
