import { triage } from '@residency/environments';
import { integerFlag } from '../arguments.js';
import { type Playable, playable } from './playable.js';

/** The patient of a seed. */
export const triagePatient: Playable = playable({
  usage: '[--seed N] [--max-steps N]',
  flags: { seed: integerFlag(0, 0xffffffff, 1), 'max-steps': integerFlag(1, 100, 12) },
  open: async ({ seed, 'max-steps': maxSteps }) => triage.open({ task: { maxSteps }, seed }),
});
