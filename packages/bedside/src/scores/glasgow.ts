import type { ScoreDefinition } from '../score.js';

/**
 * Glasgow Coma Scale (Teasdale and Jennett, Lancet 1974;2:81): eye opening 1 to 4, verbal response 1 to 5, motor response 1
 * to 6. Range 3 to 15.
 */
export const GLASGOW: ScoreDefinition = {
  name: 'glasgow',
  problem: 'injury',
  openings: ['Head injury.', 'Found drowsy after head injury.', 'Fall with injury to the head.'],
  questions: ['Glasgow Coma Scale?', 'What is the Glasgow Coma Scale?', 'Give the Glasgow total.'],
  criteria: [
    {
      key: 'eyes',
      label: 'eyes',
      names: ['eyes', 'eye opening'],
      values: [
        { text: 'spontaneous', points: 4 },
        { text: 'voice', points: 3 },
        { text: 'pain', points: 2 },
        { text: 'closed', points: 1 },
      ],
    },
    {
      key: 'verbal',
      label: 'verbal',
      names: ['verbal', 'speech'],
      values: [
        { text: 'oriented', points: 5 },
        { text: 'confused', points: 4 },
        { text: 'inappropriate', points: 3 },
        { text: 'sounds', points: 2 },
        { text: 'silent', points: 1 },
      ],
    },
    {
      key: 'motor',
      label: 'motor',
      names: ['motor', 'movement'],
      values: [
        { text: 'obeys', points: 6 },
        { text: 'localizes', points: 5 },
        { text: 'withdraws', points: 4 },
        { text: 'flexion', points: 3 },
        { text: 'extension', points: 2 },
        { text: 'flaccid', points: 1 },
      ],
    },
  ],
  decimals: 0,
  options: { least: 3, greatest: 15, step: 1 },
  distractors: [3, 4],
};
