import { EnvironmentError } from '../../errors.js';
import type { Rules } from '../domain.js';
import { openGame } from '../episode.js';
import { buildGame, type Game } from '../game.js';
import { buildProblem, type Problem } from '../problem.js';
import type { Node, TypedName } from '../s-expression.js';
import { readWording } from '../wording.js';
import { FRIDGE, keeps, LAMP, PLACES, THINGS, WARMER, WASHSTAND } from './catalogue.js';
import { createDraw } from './draw.js';
import { drawWard, type Ward } from './draw-ward.js';
import { LAST_LEVEL, LEVELS, type Level, type TaskKind } from './levels.js';
import { walkthroughOf } from './walkthrough.js';
import { wardGrammar } from './ward-grammar.js';

/** Word of a class as a type. */
const typeOf = ({ name }: { readonly name: string }): string => `${name}_type`;
const AGENT = 'nurse';
const CORRIDOR = 'corridor';
const locationOf = (id: string): string => `by_${id}`;

const rulesOf = ({ verbs }: Level): Rules => ({
  verbs: new Set(verbs),
  cleansIn: new Set([typeOf(WASHSTAND)]),
  heatsIn: new Set([typeOf(WARMER)]),
  coolsIn: new Set([typeOf(FRIDGE)]),
  slicesWith: new Set(),
  putsWhereItFits: true,
  opensOneAtATime: false,
  usesAtLocation: false,
  examinesWhatIsSeen: false,
});

const and = (...parts: readonly Node[]): Node => ['and', ...parts];
const exists = (variables: string, body: Node): Node => ['exists', variables.split(' '), body];

/** Goals like those of ALFWorld (ALFWorld specification, section 5). */
function goalOf({ kind, wanted, goal }: Ward): Node {
  const isWanted = (name: string): Node => ['objecttype', name, typeOf(wanted)];
  const isThere = (name: string): Node => ['inreceptacle', name, '?r'];
  const isGoal: Node = ['receptacletype', '?r', typeOf(goal)];
  const put = (...more: readonly Node[]): Node =>
    exists('?r - receptacle ?o - object', and(isGoal, isWanted('?o'), isThere('?o'), ...more));
  const second = and(['not', ['=', '?o', '?p']], isWanted('?p'), isThere('?p'));
  const goals: { readonly [K in TaskKind]: Node } = {
    place: put(),
    clean: put(['isclean', '?o']),
    heat: put(['ishot', '?o']),
    cool: put(['iscool', '?o']),
    pair: put(exists('?p - object', second)),
    light: and(
      exists(
        '?t - object ?r - receptacle ?a - agent ?l - location',
        and(
          ...[
            ['objecttype', '?t', typeOf({ name: LAMP })],
            ['toggleable', '?t'],
            ['istoggled', '?t'],
          ],
          ...[
            ['inreceptacle', '?t', '?r'],
            ['receptacleatlocation', '?r', '?l'],
            ['atlocation', '?a', '?l'],
          ],
        ),
      ),
      exists('?a - agent ?o - object', and(isWanted('?o'), ['holds', '?a', '?o'])),
    ),
  };
  return goals[kind];
}

const SENTENCES: { readonly [K in TaskKind]: (thing: string, place: string) => readonly string[] } = {
  place: (thing, place) => [`bring a ${thing} to a ${place}.`, `leave a ${thing} at a ${place}.`],
  clean: (thing, place) => [
    `wash a ${thing} and leave it at a ${place}.`,
    `bring a clean ${thing} to a ${place}.`,
  ],
  heat: (thing, place) => [
    `warm a ${thing} and leave it at a ${place}.`,
    `bring a warm ${thing} to a ${place}.`,
  ],
  cool: (thing, place) => [
    `chill a ${thing} and leave it at a ${place}.`,
    `bring a cold ${thing} to a ${place}.`,
  ],
  pair: (thing, place) => [`bring a ${thing} and another ${thing} to one ${place}.`],
  light: (thing) => [`look at a ${thing} under a lamp.`, `hold a ${thing} into the light of a lamp.`],
};

function problemOf(ward: Ward): Problem {
  const { places, things } = ward;
  const named = (names: Iterable<string>, type: string): TypedName[] =>
    Array.from(names, (name) => ({ name, type }));
  return buildProblem({
    things: [
      ...named([AGENT], 'agent'),
      ...named([CORRIDOR, ...places.map(({ id }) => locationOf(id))], 'location'),
      ...named(
        places.map(({ id }) => id),
        'receptacle',
      ),
      ...named(
        things.map(({ id }) => id),
        'object',
      ),
      ...named(PLACES.map(typeOf), 'rtype'),
      ...named([...THINGS.map(typeOf), typeOf({ name: LAMP })], 'otype'),
    ],
    facts: [
      ['atlocation', AGENT, CORRIDOR],
      ...places.flatMap(({ id, of }) => [
        ['receptacletype', id, typeOf(of)],
        ['receptacleatlocation', id, locationOf(id)],
        ...(of.isOpenable ? [['openable', id]] : []),
      ]),
      ...things.flatMap(({ id, of, at }) => [
        ['objecttype', id, typeOf(of ?? { name: LAMP })],
        ['inreceptacle', id, at.id],
        ['objectatlocation', id, locationOf(at.id)],
        ...(of === null
          ? [['toggleable', id]]
          : [['pickupable', id], ...of.traits.map((trait) => [trait, id])]),
      ]),
      ...PLACES.flatMap((place) =>
        THINGS.filter((thing) => keeps(place, thing)).map((thing) => [
          'cancontain',
          typeOf(place),
          typeOf(thing),
        ]),
      ),
    ],
    goal: goalOf(ward),
  });
}

/** Plays commands; a task that its own walkthrough does not fulfil, at the end and not before, is a defect. */
function prove(game: Game, level: number, seed: number): Game {
  const episode = openGame({ game });
  const ends = (game.walkthrough ?? []).map((command) => episode.act(command).info.won);
  if (ends.length > 0 && ends.indexOf(true) === ends.length - 1) return game;
  throw new Error(
    `internal: the walkthrough of household level ${level}, seed ${seed} does not win at its end`,
  );
}

/**
 * The task of a level and seed: a ward of our own, with a walkthrough that was played to its end.
 * @param level an integer from 1 to 5
 * @param seed an integer in [0, 2^32)
 * @throws EnvironmentError ENVIRONMENT_TASK, ENVIRONMENT_SEED
 */
export function generateGame(level: number, seed: number): Game {
  const wanted = LEVELS[level];
  if (wanted === undefined)
    throw new EnvironmentError(
      'ENVIRONMENT_TASK',
      'task.level',
      `task.level is ${JSON.stringify(level)}, want an integer from 1 to ${LAST_LEVEL}`,
    );
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    throw new EnvironmentError('ENVIRONMENT_SEED', 'seed', `seed is ${seed}, want an integer in [0, 2^32)`);
  const draw = createDraw([level, seed]);
  const ward = drawWard(draw, wanted);
  const problem = problemOf(ward);
  const task = draw.pick(SENTENCES[ward.kind](ward.wanted.name, ward.goal.name)) ?? '';
  const rules = rulesOf(wanted);
  const game = buildGame({
    ...{ problem, rules },
    wording: readWording(wardGrammar(task), rules),
    walkthrough: walkthroughOf(ward, problem.names),
    solvable: true,
  });
  return prove(game, level, seed);
}
