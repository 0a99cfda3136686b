import { EnvironmentError, shop } from '@residency/environments';
import { choiceFlag, integerFlag } from '../arguments.js';
import { CliError } from '../errors.js';
import { type Playable, playable } from './playable.js';

/** Without a goal the seed draws one. */
const NO_GOAL = -1;

/** A goal of the made-up catalogue: one of a split that the seed draws, or one by its place. */
export const shopGoal: Playable = playable({
  usage: '[--split train|validation --seed N | --goal N] [--matching fixed|compatible] [--max-steps N]',
  flags: {
    split: choiceFlag(['train', 'validation'], 'train'),
    seed: integerFlag(0, 0xffffffff, 1),
    goal: { ...integerFlag(0, 1_000_000, 0), fallback: NO_GOAL },
    matching: choiceFlag(['fixed', 'compatible'], 'fixed'),
    'max-steps': integerFlag(1, 100, 15),
  },
  open: async ({ split, seed, goal, matching, 'max-steps': maxSteps }) => {
    const task = goal === NO_GOAL ? { split, matching, maxSteps } : { goal, matching, maxSteps };
    try {
      return shop.open({ task, seed });
    } catch (cause) {
      if (!(cause instanceof EnvironmentError)) throw cause;
      throw new CliError('CLI_PLAY', cause.message, { cause });
    }
  },
});
