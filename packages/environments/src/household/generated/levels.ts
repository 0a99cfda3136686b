import { VERBS, type Verb } from '../domain.js';

/** Types of tasks, as ALFWorld has them: put one, put one that is changed first, put two together, look at one. */
export const TASK_KINDS = ['place', 'clean', 'heat', 'cool', 'pair', 'light'] as const;
export type TaskKind = (typeof TASK_KINDS)[number];

/** How large and how varied tasks are. */
export interface Level {
  readonly kinds: readonly TaskKind[];
  /** Places of the ward, and things in them, lamps not counted. */
  readonly places: number;
  readonly things: number;
  /** Places of one class at most. */
  readonly alike: number;
  /** Whether some places are shut at first. */
  readonly hasShut: boolean;
  /** Whether more things than needed may be of the class that the task is about. */
  readonly hasDecoys: boolean;
  readonly verbs: readonly Verb[];
}

const CARRY: readonly Verb[] = ['gotolocation', 'pickupobject', 'putobject'];
const small = { alike: 1, hasShut: false, hasDecoys: false };
const large = { hasShut: true, hasDecoys: true, verbs: VERBS.filter((verb) => verb !== 'sliceobject') };

/** Every level: of the first, a dozen states and nothing to say that does not change one; the last is like ALFWorld. */
export const LEVELS: Readonly<Record<number, Level>> = {
  1: { ...small, kinds: ['place'], places: 3, things: 2, verbs: CARRY },
  2: {
    ...small,
    ...{ kinds: ['place', 'clean', 'light'], places: 4, things: 4 },
    verbs: [...CARRY, 'cleanobject', 'toggleobject'],
  },
  3: {
    ...{ ...large, kinds: TASK_KINDS.filter((kind) => kind !== 'pair'), hasDecoys: false },
    ...{ places: 6, things: 8, alike: 1 },
  },
  4: { ...large, kinds: TASK_KINDS, places: 10, things: 16, alike: 2 },
  5: { ...large, kinds: TASK_KINDS, places: 18, things: 36, alike: 3 },
};

/** Number of the last level; the first is 1. */
export const LAST_LEVEL = 5;
