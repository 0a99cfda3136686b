import type { Environment, Episode, EpisodeOptions } from '../environment.js';
import { EnvironmentError } from '../errors.js';
import { HOUSEHOLD_ANCHORS, openGame } from './episode.js';
import { type Game, parseGameFile, readGame } from './game.js';
import { generateGame } from './generated/generate.js';
import { LAST_LEVEL } from './generated/levels.js';

/** Steps of an episode where a task does not say (GiGPO specification, section 1.5). */
const DEFAULT_MAX_STEPS = 50;
const MAX_MAX_STEPS = 10_000;
const DEFAULT_LEVEL = 3;

const FIELDS: ReadonlySet<string> = new Set(['anchor', 'game', 'level', 'maxSteps']);

/** Games by the object that they were read from, so that all episodes of one share it. */
const readGames = new WeakMap<object, Game>();

function gameOf(file: unknown): Game {
  const known = typeof file === 'object' && file !== null ? readGames.get(file) : undefined;
  if (known !== undefined) return known;
  const game = readGame(parseGameFile(file));
  // What parses as a game file is an object.
  readGames.set(file as object, game);
  return game;
}

function integer(
  task: Readonly<Record<string, unknown>>,
  field: string,
  most: number,
  usual: number,
): number {
  const value = task[field] ?? usual;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new EnvironmentError(
    'ENVIRONMENT_TASK',
    `task.${field}`,
    `task.${field} is ${JSON.stringify(value)}, want an integer from 1 to ${most}`,
  );
}

function openHousehold({ task, seed }: EpisodeOptions): Episode {
  const refuse = (param: string, message: string) => new EnvironmentError('ENVIRONMENT_TASK', param, message);
  const given = task ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw refuse(
      'task',
      `household task is ${JSON.stringify(given)}, want an object { anchor?, game?, level?, maxSteps? }`,
    );
  const fields: Readonly<Record<string, unknown>> = { ...given };
  for (const field of Object.keys(fields).sort()) {
    if (!FIELDS.has(field))
      throw refuse(`task.${field}`, `task.${field} is unknown, want only anchor, game, level, maxSteps`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new EnvironmentError('ENVIRONMENT_SEED', 'seed', `seed is ${seed}, want an integer in [0, 2^32)`);
  const maxSteps = integer(fields, 'maxSteps', MAX_MAX_STEPS, DEFAULT_MAX_STEPS);
  const { game, level, anchor: wanted = 'told' } = fields;
  const anchor = HOUSEHOLD_ANCHORS.find((known) => known === wanted);
  if (anchor === undefined)
    throw refuse(
      'task.anchor',
      `task.anchor is ${JSON.stringify(wanted)}, want one of: ${HOUSEHOLD_ANCHORS.join(', ')}`,
    );
  if (game === undefined)
    return openGame({
      game: generateGame(integer(fields, 'level', LAST_LEVEL, DEFAULT_LEVEL), seed),
      ...{ maxSteps, anchor },
    });
  if (level !== undefined) throw refuse('task.level', 'task.level is given with task.game, want one of them');
  return openGame({ game: gameOf(game), maxSteps, anchor });
}

/**
 * Rooms in which things are found, changed and brought somewhere: the text games of ALFWorld, played exactly, and
 * tasks of our own that need no download. Task: `{ game, maxSteps?, anchor? }` with the content of a `game.tw-pddl` file, or
 * `{ level?: 1..5, maxSteps?, anchor? }`, whose ward the seed decides; level 3, 50 steps and the anchor `told` where absent. Reward 10 for the
 * action that fulfils the task, else 0. Episodes of one `game` object share what is read from it.
 */
export const household: Environment = { name: 'household', open: openHousehold };
