import { buildWard, type Ward, type WardDefinition } from '@residency/environments';

/** Two diseases and three findings, small enough to write every case down. */
export const TINY_WARD: WardDefinition = {
  name: 'tiny',
  maxSteps: 5,
  diseases: [
    { name: 'storm', weight: 3, urgency: 'emergency', contraindicated: 'probe', redFlags: ['thunder'] },
    { name: 'breeze', weight: 7, urgency: 'routine', contraindicated: null, redFlags: [] },
  ],
  findings: [
    {
      ...{ name: 'thunder', kind: 'history', cost: 0.01, present: 'It thunders.', absent: 'No thunder.' },
      chances: [0.7, 0.1],
    },
    {
      ...{ name: 'clouds', kind: 'examination', cost: 0.02, present: 'Clouds.', absent: 'No clouds.' },
      chances: [0.9, 0.3],
    },
    {
      ...{ name: 'probe', kind: 'test', cost: 0.05, present: 'It sparks.', absent: 'It is still.' },
      chances: [0.95, 0.02],
    },
  ],
};

/** The tiny ward with some of its description replaced. */
export const tinyWard = (replaced: Partial<WardDefinition> = {}): Ward =>
  buildWard({ ...TINY_WARD, ...replaced });
