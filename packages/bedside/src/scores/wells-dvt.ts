import type { ScoreDefinition } from '../score.js';
import { signs, wholeNumbers } from '../score.js';

/**
 * Wells score for deep vein thrombosis (Wells et al., N Engl J Med 2003;349:1227): one point each for active cancer;
 * paralysis, paresis or recent plaster of the leg; bedridden three days or major surgery within 12 weeks; tenderness along the
 * deep veins; entire leg swollen; calf at least 3 cm larger than the other; pitting oedema; collateral superficial veins;
 * earlier DVT. Minus two where another diagnosis is at least as likely. Range -2 to 9.
 */
export const WELLS_DVT: ScoreDefinition = {
  name: 'wellsdvt',
  problem: 'thrombosis',
  openings: ['Painful leg.', 'Leg pain, thrombosis feared.', 'Possible thrombosis of the leg.'],
  questions: ['Wells DVT score?', 'What is the Wells score?', 'Give the Wells total.'],
  criteria: [
    {
      key: 'cancer',
      label: 'cancer',
      names: ['cancer', 'malignancy'],
      values: signs('active', 'excluded', 1),
    },
    {
      key: 'paralysis',
      label: 'power',
      names: ['leg power', 'limb power'],
      values: signs('paretic', 'strong', 1),
    },
    {
      key: 'bedridden',
      label: 'mobility',
      names: ['mobility', 'activity'],
      values: signs('bedbound', 'walking', 1),
    },
    {
      key: 'tenderness',
      label: 'palpation',
      names: ['palpation', 'vein palpation'],
      values: signs('tender', 'painless', 1),
    },
    {
      key: 'leg',
      label: 'girth',
      names: ['leg girth', 'whole leg girth'],
      values: signs('swollen', 'slim', 1),
    },
    {
      key: 'calf',
      label: 'calf',
      names: ['calf excess', 'calf difference'],
      unit: 'cm',
      values: wholeNumbers({ first: 0, last: 6, step: 1 }, (value) => (value >= 3 ? 1 : 0)),
    },
    { key: 'oedema', label: 'skin', names: ['skin', 'ankle skin'], values: signs('pitting', 'smooth', 1) },
    {
      key: 'veins',
      label: 'collaterals',
      names: ['collaterals', 'collateral veins'],
      values: signs('dilated', 'unseen', 1),
    },
    {
      key: 'previous',
      label: 'DVT',
      names: ['DVT history', 'earlier DVT'],
      values: signs('documented', 'denied', 1),
    },
    {
      key: 'alternative',
      label: 'alternative',
      names: ['alternative diagnosis', 'other diagnosis'],
      values: [
        { text: 'likely', points: -2 },
        { text: 'unlikely', points: 0 },
      ],
    },
  ],
  decimals: 0,
  options: { least: -2, greatest: 9, step: 1 },
  distractors: [0, 1],
};
