import { EnvironmentError } from '../errors.js';
import { effects, type Play } from './admissible.js';
import { listCommands } from './commands.js';
import { parseRules, type Rules } from './domain.js';
import { compileGoal, type Goal } from './goal.js';
import { parseGrammar } from './grammar.js';
import { type Problem, parseProblem } from './problem.js';
import { NO_SUBJECT, writeText } from './texts.js';
import { readWording, type Wording } from './wording.js';
import { buildWorld, type State } from './world.js';

/** A game that is read once and shared by all its episodes: nothing of it ever changes. */
export interface Game extends Play {
  /** What is to be done. */
  readonly task: string;
  readonly wording: Wording;
  readonly goal: Goal;
  /** Commands that reach the goal, where the game has them. */
  readonly walkthrough: readonly string[] | null;
  /** Whether the goal can be reached; null where the game does not say. */
  readonly solvable: boolean | null;
}

/** The fields of a `game.tw-pddl` file that are read; it is JSON. */
export interface GameFile {
  readonly pddl_domain: string;
  readonly pddl_problem: string;
  readonly grammar: string;
  readonly walkthrough?: readonly string[];
  readonly solvable?: boolean;
}

const refuse = (field: string, message: string) =>
  new EnvironmentError('ENVIRONMENT_GAME', field, `${field} ${message}`);

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : value === undefined ? 'missing' : typeof value;

/**
 * Checks that a value has the form of a game file.
 * @throws EnvironmentError ENVIRONMENT_GAME naming the field
 */
export function parseGameFile(value: unknown): GameFile {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw refuse('game', `is ${kindOf(value)}, want an object`);
  const fields: Readonly<Record<string, unknown>> = { ...value };
  const text = (field: string): string => {
    const found = fields[field];
    if (typeof found === 'string') return found;
    throw refuse(field, `is ${kindOf(found)}, want a text`);
  };
  const { walkthrough, solvable } = fields;
  const isWalk = Array.isArray(walkthrough) && walkthrough.every((command) => typeof command === 'string');
  if (walkthrough !== undefined && walkthrough !== null && !isWalk)
    throw refuse('walkthrough', `is ${kindOf(walkthrough)}, want a list of texts`);
  if (solvable !== undefined && solvable !== null && typeof solvable !== 'boolean')
    throw refuse('solvable', `is ${kindOf(solvable)}, want true or false`);
  return {
    pddl_domain: text('pddl_domain'),
    pddl_problem: text('pddl_problem'),
    grammar: text('grammar'),
    ...(isWalk ? { walkthrough } : {}),
    ...(typeof solvable === 'boolean' ? { solvable } : {}),
  };
}

/** What a game is made of, read or generated. */
export interface GameParts {
  readonly problem: Problem;
  readonly rules: Rules;
  readonly wording: Wording;
  readonly walkthrough: readonly string[] | null;
  readonly solvable: boolean | null;
}

/** @throws EnvironmentError ENVIRONMENT_GAME where a part asks for what is not played */
export function buildGame({ problem, rules, wording, walkthrough, solvable }: GameParts): Game {
  const world = buildWorld(problem);
  return {
    ...{ world, rules, wording, walkthrough, solvable },
    table: listCommands({ problem, world, rules, wording }),
    goal: compileGoal(problem, world),
    task: wording.task,
  };
}

/**
 * Reads a game of ALFWorld, of the old and of the current wording alike (ALFWorld specification, section 2).
 * @throws EnvironmentError ENVIRONMENT_GAME naming the field, and the line or name in it
 */
export function readGame(file: GameFile): Game {
  const rules = parseRules(file.pddl_domain);
  return buildGame({
    problem: parseProblem(file.pddl_problem),
    rules,
    wording: readWording(parseGrammar(file.grammar), rules),
    walkthrough: file.walkthrough ?? null,
    solvable: file.solvable ?? null,
  });
}

/**
 * Reads the text of a `game.tw-pddl` file.
 * @throws EnvironmentError ENVIRONMENT_GAME naming the field, and the line or name in it
 */
export function readGameText(text: string): Game {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refuse('game', `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  return readGame(parseGameFile(value));
}

/** What is said where a command cannot be followed. */
export const NOTHING_HAPPENS = 'Nothing happens.';

/** What is said before anything is done: the room, and the task. */
export function introOf({ world, wording }: Game, state: State): string {
  return writeText(wording.intro, { world, separators: wording.separators, state, subject: NO_SUBJECT });
}

/** Texts of commands by their numbers. */
export const textsOf = ({ table }: Game, numbers: readonly number[]): string[] =>
  numbers.map((number) => table.commands[number]?.text ?? '');

/** A state, and the numbers of the commands that can be said in it. */
export interface Standing {
  readonly state: State;
  readonly options: readonly number[];
}

/**
 * Follows a command, changing the state, and tells what is seen; null, with nothing changed, where it is none of the
 * options. Commands match exactly, but for space around them.
 */
export function follow(game: Game, { state, options }: Standing, text: string): string | null {
  const { world, wording, table } = game;
  const wanted = text.trim();
  // Names without a number end in space, which no trimmed text does.
  const spaced = `${wanted} `;
  const number = options.find((option) => {
    const known = table.commands[option]?.text;
    return known === wanted || known === spaced;
  });
  const command = table.commands[number ?? -1];
  if (command === undefined) return null;
  const { verb, subject } = command;
  effects[verb](world, state, command);
  return writeText(wording.feedback.get(verb) ?? [], {
    ...{ world, state, subject },
    separators: wording.separators,
  });
}
