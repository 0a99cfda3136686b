import {
  type Episode,
  type Game,
  type GameFile,
  generateGame,
  household,
  LAST_LEVEL,
  openGame,
  readGame,
  type Step,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TINY_GAME } from '../../../support/tiny-game.js';

const levels = Array.from({ length: LAST_LEVEL }, (_, index) => index + 1);
const seeds = Array.from({ length: 120 }, (_, index) => index);

/** Plays picks among what can be said; a negative one is said as it is. */
function wander(episode: Episode, picks: readonly number[]): Step[] {
  const steps: Step[] = [];
  let { admissible } = episode.observe();
  for (const pick of picks) {
    const action =
      pick < 0 ? `nonsense ${pick}` : (admissible[pick % Math.max(1, admissible.length)] ?? 'look');
    const step = episode.act(action);
    steps.push(step);
    admissible = step.admissible;
  }
  return steps;
}
const picks = fc.array(fc.integer({ min: -1, max: 1_000 }), { maxLength: 60 });
const level = fc.integer({ min: 1, max: LAST_LEVEL });
const seed = fc.integer({ min: 0, max: 0xffffffff });

describe('a generated task', () => {
  test.each(levels)('of level %i is fulfilled by its walkthrough, at its end and not before', (at) => {
    for (const number of seeds) {
      const game = generateGame(at, number);
      const episode = openGame({ game });
      const won = (game.walkthrough ?? []).map((command) => {
        expect(episode.observe().admissible).toContain(command);
        return episode.act(command).info.won;
      });

      expect(won.length).toBeGreaterThan(2);
      expect(won.indexOf(true)).toBe(won.length - 1);
    }
  });

  test('is of every kind on the higher levels, and small on the first', () => {
    const verbs = seeds.map((number) => {
      const { walkthrough } = generateGame(LAST_LEVEL, number);
      const said = (walkthrough ?? []).map((command) => command.split(' ')[0] ?? '');
      const kind = ['clean', 'heat', 'cool', 'use'].find((verb) => said.includes(verb));
      return kind ?? (said.filter((verb) => verb === 'move').length === 2 ? 'pair' : 'place');
    });

    expect(new Set(verbs)).toEqual(new Set(['place', 'clean', 'heat', 'cool', 'pair', 'use']));
    for (const number of seeds) {
      const game = generateGame(1, number);
      const episode = openGame({ game });
      expect(game.walkthrough).toHaveLength(4);
      for (const step of wander(episode, [0, 1, 2, 3, 4, 5])) expect(step.admissible.length).toBeLessThan(6);
    }
  });

  test('differs from seed to seed', () => {
    const texts = seeds.map((number) => openGame({ game: generateGame(3, number) }).observe().text);

    expect(new Set(texts).size).toBeGreaterThan(seeds.length * 0.9);
  });

  test('is refused by a level or seed out of range', () => {
    expect(() => generateGame(0, 1)).toThrow('task.level is 0, want an integer from 1 to 5');
    expect(() => generateGame(1, -1)).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_SEED' }));
  });
});

describe('household', () => {
  test('is the same episode for the same task, seed and actions', () => {
    fc.assert(
      fc.property(level, seed, picks, (at, number, actions) => {
        const open = () => household.open({ task: { level: at }, seed: number });
        const [one, other] = [open(), open()];

        expect(other.observe()).toEqual(one.observe());
        expect(wander(other, actions)).toEqual(wander(one, actions));
      }),
      { numRuns: 60 },
    );
  });

  test('leaves the games that episodes share as they are', () => {
    const game = generateGame(4, 9);
    const before = openGame({ game }).observe();

    wander(
      openGame({ game }),
      Array.from({ length: 200 }, (_, index) => index * 7),
    );

    expect(openGame({ game }).observe()).toEqual(before);
  });

  test('follows everything that it offers, and nothing else', () => {
    fc.assert(
      fc.property(level, seed, picks, (at, number, actions) => {
        const game: Game = generateGame(at, number);
        const episode = openGame({ game });
        let { admissible } = episode.observe();
        for (const pick of actions) {
          const { text = '' } = game.table.commands[Math.abs(pick) % game.table.commands.length] ?? {};
          const step = episode.act(` ${text}\t`);
          expect(step.info.isValid).toBe(admissible.includes(text));
          if (!step.info.isValid)
            expect(step.text).toBe(step.info.outcome === null ? 'Nothing happens.' : 'The episode is over.');
          if (!step.info.isValid) expect(step.admissible).toEqual(admissible);
          expect([...new Set(step.admissible)].sort()).toEqual(step.admissible);
          admissible = step.admissible;
        }
      }),
      { numRuns: 60 },
    );
  });

  test('names a state by what was last told, or by the whole world, as the task asks', () => {
    const anchorsOf = (anchor?: string) => {
      const episode = household.open({ task: { level: 1, anchor }, seed: 3 });
      const thing = generateGame(1, 3).walkthrough ?? [];
      const [toThing, take, toGoal] = [thing[0] ?? '', thing[1] ?? '', thing[2] ?? ''];
      // There with empty hands, then with the thing: what is told of the goal is the same.
      return [toGoal, toThing, toGoal, toThing, take, toGoal]
        .map((command) => episode.act(command))
        .map(({ text, anchor: name }) => ({ text, name }));
    };
    const [told, state] = [anchorsOf(), anchorsOf('state')];

    expect(state.map(({ text }) => text)).toEqual(told.map(({ text }) => text));
    for (const { text, name } of told) expect(name).toBe(text);
    expect(told[5]?.name).toBe(told[0]?.name);
    expect(state[5]?.name).not.toBe(state[0]?.name);
    expect(state[2]?.name).toBe(state[0]?.name);
    expect(state[3]?.name).toBe(state[1]?.name);
  });

  test('takes any text for an action', () => {
    const episode = household.open({ task: { level: 3, maxSteps: 10_000 }, seed: 5 });
    const first = episode.observe().admissible;
    const odd = fc.oneof(
      fc.constantFrom('', ' ', '__proto__', 'constructor', 'GO TO BED 1', 'go to bed  1', 'look;look'),
      fc.string({ unit: 'binary', maxLength: 300 }),
    );
    fc.assert(
      fc.property(odd, (action) => {
        fc.pre(!first.includes(action.trim()));
        expect(episode.act(action)).toMatchObject({ text: 'Nothing happens.', reward: 0, admissible: first });
      }),
    );
    expect(episode.act(`go to ${'bed '.repeat(200_000)}`).text).toBe('Nothing happens.');
  });

  test('ends at the step limit, which is 50 where a task does not say', () => {
    const steps = wander(
      household.open({ task: {}, seed: 3 }),
      Array.from({ length: 51 }, () => -1),
    );
    const [only, after] = wander(household.open({ task: { maxSteps: 1 }, seed: 3 }), [-1, 0]);

    expect(steps.findIndex(({ done }) => done)).toBe(49);
    expect(only?.info).toEqual({ isValid: false, outcome: 'step limit', won: false, steps: 1 });
    expect(after?.text).toBe('The episode is over.');
    expect(after?.admissible).toEqual([]);
  });

  test('plays a game file that a task holds, read once for all episodes', () => {
    let reads = 0;
    const file = new Proxy(TINY_GAME, {
      ownKeys: (target) => {
        reads++;
        return Reflect.ownKeys(target);
      },
    });
    const play = () => {
      const episode = household.open({ task: { game: file }, seed: 0 });
      return [
        'go to shelf 1',
        'take cup 1 from shelf 1',
        'go to box 1',
        'open box 1',
        'put cup 1 in box 1',
      ].map((command) => episode.act(command));
    };

    expect(play().map(({ text }) => text)).toEqual([
      'On the shelf 1: a cup 2, and a cup 1.',
      'Taken.',
      'The box 1 is shut.',
      'In the box 1: nothing.',
      'Done.',
    ]);
    expect(play().at(-1)).toMatchObject({ reward: 10, done: true, info: { won: true, outcome: 'won' } });
    expect(reads).toBe(1);
  });

  const bad = [
    [{ task: [], seed: 1 }, 'task'],
    [{ task: 'x', seed: 1 }, 'task'],
    [{ task: { levels: 3 }, seed: 1 }, 'task.levels'],
    [{ task: { level: 6 }, seed: 1 }, 'task.level'],
    [{ task: { level: '1' }, seed: 1 }, 'task.level'],
    [{ task: { maxSteps: 0 }, seed: 1 }, 'task.maxSteps'],
    [{ task: { anchor: 'world' }, seed: 1 }, 'task.anchor'],
    [{ task: { game: TINY_GAME, level: 1 }, seed: 1 }, 'task.level'],
    [{ task: {}, seed: 2 ** 32 }, 'seed'],
    [{ task: { game: null }, seed: 1 }, 'game'],
    [{ task: { game: {} }, seed: 1 }, 'pddl_domain'],
  ] as const;

  test.each(bad)('refuses %j', (options, param) => {
    expect(() => household.open(options)).toThrow(expect.objectContaining({ param }));
  });
});

describe('a game file', () => {
  const change = (field: 'pddl_domain' | 'pddl_problem' | 'grammar', from: string, to: string): GameFile => {
    expect(TINY_GAME[field]).toContain(from);
    return { ...TINY_GAME, [field]: TINY_GAME[field].replace(from, () => to) };
  };

  test('is numbered from its last id, whatever the case', () => {
    const { world } = readGame(change('pddl_problem', 'Cup_bar_a', 'CUP_BAR_A'));

    expect(world.things.map(({ name }) => name)).toEqual(['cup 2', 'cup 1']);
    expect(world.receptacles.map(({ name }) => name)).toEqual(['box 1', 'shelf 1']);
  });

  const broken: readonly (readonly [GameFile, string])[] = [
    [change('pddl_problem', '(:init', '(:start'), 'pddl_problem: there is no (:init ...), want one'],
    [
      change('pddl_problem', '(:goal', '(:goal (and))) (x'),
      'pddl_problem: line 19 has more text, want the end',
    ],
    [change('pddl_problem', 'Shelf_bar_a ShelfType', 'Shelf_bar_z ShelfType'), 'pddl_problem: :init has'],
    [change('pddl_problem', '(pickupable', '(portable'), 'portable cup_bar_a), whose predicate is unknown'],
    [change('pddl_problem', '(isClean ?o)', '(isShiny ?o)'), ':goal has isshiny'],
    [change('pddl_problem', '(isClean ?o)', '(isClean ?q)'), ':goal has ?q, which no quantifier names'],
    [change('pddl_problem', '(isClean ?o)', '(isClean ?r)'), ':goal has ?r of kind receptacle, want object'],
    [change('pddl_problem', '(atLocation me hall)', ''), 'has 0 facts atLocation, want 1'],
    [change('pddl_problem', '(:goal', '('.repeat(70)), 'want at most 64 in one another'],
    [change('pddl_domain', 'PutObject', 'ThrowObject'), 'pddl_domain: action throwobject is unknown'],
    [
      change('pddl_domain', '(not (holdsAny ?a))', '(strong ?a)'),
      'precondition of pickupobject lacks -holdsany',
    ],
    [
      change('pddl_domain', '(holds ?a ?o) (atLocation', '(holds ?a ?o) (isSoft ?o) (atLocation'),
      'has issoft',
    ],
    [
      change('pddl_domain', '(and (not (opened ?r))))', '(and (opened ?r)))'),
      'effect of closeobject lacks -opened',
    ],
    [change('grammar', 'action PutObject', 'act PutObject'), 'grammar: line '],
    [
      change('grammar', '"rhs": "Taken."', '"lhs": "Taken."'),
      "symbol 'taken' has a rule without the text rhs",
    ],
    [change('grammar', '#taken#', '#gone#'), "symbol 'gone' is missing"],
    [change('grammar', 'Taken.', '#taken#'), "symbol 'taken' is over 16 symbols deep"],
    [change('grammar', 'opened(r:receptacle)', 'broken(r:receptacle)'), "condition 'broken(r:receptacle)'"],
    [change('grammar', '{o} in {r}', '{x} in {r}'), '{x} is no name that is played'],
  ];

  test.each(broken.map(([file, message]) => [message, file] as const))('is refused: %s', (message, file) => {
    expect(() => readGame(file)).toThrow(message);
    expect(() => readGame(file)).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_GAME' }));
  });

  test('never costs more than its length, however it is broken', () => {
    const long = 400_000;
    const texts = [
      '('.repeat(long),
      ')'.repeat(long),
      `(${'a '.repeat(long)}`,
      ';'.repeat(long),
      '"'.repeat(long),
    ];
    for (const text of texts) {
      for (const field of ['pddl_domain', 'pddl_problem', 'grammar'])
        expect(() => readGame({ ...TINY_GAME, [field]: text })).toThrow(
          expect.objectContaining({ param: field }),
        );
    }
  });
});
