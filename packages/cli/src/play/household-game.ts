import { readFile } from 'node:fs/promises';
import {
  EnvironmentError,
  type Game,
  generateGame,
  LAST_LEVEL,
  openGame,
  readGameText,
} from '@residency/environments';
import { integerFlag, textFlag } from '../arguments.js';
import { CliError, messageOf } from '../errors.js';
import { type Playable, playable } from './playable.js';

async function readGameFile(path: string): Promise<Game> {
  try {
    return readGameText(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof EnvironmentError ? cause.message : `cannot be read: ${messageOf(cause)}`;
    throw new CliError('CLI_PLAY', `${path}: ${reason}`, { cause });
  }
}

/** A game of ALFWorld from its file, or one of our own; no limit of steps unless one is given. */
export const householdGame: Playable = playable({
  usage: `[--game FILE | --level 1..${LAST_LEVEL} --seed N] [--max-steps N]`,
  flags: {
    game: textFlag('a game.tw-pddl file', ''),
    level: integerFlag(1, LAST_LEVEL, 3),
    seed: integerFlag(0, 0xffffffff, 1),
    'max-steps': integerFlag(0, 1_000_000, 0),
  },
  open: async ({ game: path, level, seed, 'max-steps': maxSteps }) => {
    const game = path === '' ? generateGame(level, seed) : await readGameFile(path);
    return openGame(maxSteps === 0 ? { game } : { game, maxSteps });
  },
});
