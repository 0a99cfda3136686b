import { householdGame } from './household-game.js';
import type { Playable } from './playable.js';
import { shopGoal } from './shop-goal.js';
import { triagePatient } from './triage-patient.js';
import { wardCase } from './ward-case.js';

/** Every environment that can be played, by its name. */
export const playables: ReadonlyMap<string, Playable> = new Map([
  ['household', householdGame],
  ['shop', shopGoal],
  ['triage', triagePatient],
  ['ward', wardCase],
]);
