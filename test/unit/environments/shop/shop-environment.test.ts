import { buildShop, createShopEnvironment, generatedShop, type Step, shop } from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue, product } from '../../../support/small-shop.js';

const { goals } = generatedShop();
const perfect = (place: number): string[] => {
  const goal = goals[place];
  if (goal === undefined) throw new Error(`no goal ${place}`);
  const choices = goal.options.map(({ value }) => `click[${value}]`);
  return [`search[${goal.title}]`, `click[${goal.asin}]`, ...choices, 'click[Buy Now]'];
};
const play = (task: unknown, actions: readonly string[], seed = 1): Step[] => {
  const episode = shop.open({ task, seed });
  return actions.map((action) => episode.act(action));
};

describe('the shop', () => {
  test('begins with the task and the search', () => {
    const episode = shop.open({ task: { goal: 3 }, seed: 0 });

    expect(episode.task).toBe(goals[3]?.text);
    expect(episode.observe()).toEqual({
      text: `WebShop [SEP] Instruction: [SEP] ${goals[3]?.text} [SEP] Search`,
      admissible: ['search[<your query>]'],
      anchor: "'Search'",
    });
    expect(episode.observe()).toEqual(episode.observe());
  });

  test('pays the score of the purchase, once', () => {
    const steps = play({ goal: 3 }, perfect(3));

    expect(steps.slice(0, -1).every(({ reward, done, info }) => reward === 0 && !done && info.isValid)).toBe(
      true,
    );
    expect(steps.at(-1)).toMatchObject({
      reward: 1,
      done: true,
      admissible: [],
      info: { isValid: true, outcome: 'purchase, score 1', steps: steps.length },
    });
  });

  test('pays a success 10 and anything less nothing, where that is asked', () => {
    const reward = (actions: readonly string[]) => play({ goal: 3, reward: 'success' }, actions).at(-1);
    const [search = '', product = ''] = perfect(3);

    expect(reward(perfect(3))).toMatchObject({ reward: 10, done: true });
    expect(reward([search, product, 'click[buy now]'])).toMatchObject({ reward: 0, done: true });
    expect(reward([search, product, 'click[buy now]'])?.info.outcome).toMatch(/^purchase, score 0\.\d+$/);
  });

  test('leaves the page as it is on an action that it does not offer', () => {
    const [step] = play({}, ['click[buy now]']);

    expect(step).toMatchObject({ anchor: "'Search'", reward: 0, info: { isValid: false, steps: 1 } });
  });

  test('lists what changes something, sorted', () => {
    const [step] = play({}, ['search[gloves]']);

    expect(step?.admissible).toEqual([...(step?.admissible ?? [])].sort());
    expect(step?.admissible).toContain('click[back to search]');
    expect(step?.admissible).toHaveLength(12);
  });

  test('ends at the step limit, and stays ended', () => {
    const steps = play({ maxSteps: 2 }, ['search[a lamp]', 'click[next >]', 'click[next >]']);

    expect(steps.map(({ done, info }) => [done, info.outcome, info.steps])).toEqual([
      [false, null, 1],
      [true, 'step limit', 2],
      [true, 'step limit', 2],
    ]);
    expect(steps[2]).toMatchObject({ text: 'The episode is over.', admissible: [], reward: 0 });
    const default15 = play(
      {},
      Array.from({ length: 15 }, () => 'look'),
    );
    expect(default15.map(({ done }) => done).indexOf(true)).toBe(14);
  });

  test('draws its goal by the seed from the split, 500 goals of which are for validation', () => {
    const places = new Map(goals.map(({ text, asin }, place) => [`${asin}${text}`, place]));
    const placeOf = (task: unknown, seed: number) => {
      const text = shop.open({ task, seed }).task;
      return goals.findIndex((goal) => goal.text === text);
    };
    expect(places.size).toBe(goals.length);
    const drawn = Array.from({ length: 60 }, (_, seed) => placeOf({ split: 'validation' }, seed));
    expect(drawn.every((place) => place < 500)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(45);
    expect(placeOf({ split: 'train' }, 5)).toBe(placeOf({}, 5));
    expect(shop.open({ task: {}, seed: 5 }).task).not.toBe(shop.open({ task: {}, seed: 6 }).task);
  });

  test('matches options as asked', () => {
    const lamp = product({
      title: 'Desk Lamp',
      attributes: ['solid wood'],
      options: [{ name: 'color', values: ['r.brown2060'] }],
    });
    const own = createShopEnvironment('own', () => buildShop(catalogue(lamp)));
    const score = (matching: string) => {
      const episode = own.open({ task: { goal: 0, matching }, seed: 0 });
      const actions = ['search[lamp]', 'click[t000000001]', 'click[r.brown2060]', 'click[buy now]'];
      return actions.map((action) => episode.act(action)).at(-1)?.reward;
    };

    expect(own.name).toBe('own');
    expect(score('fixed')).toBe(1);
    expect(score('compatible')).toBeCloseTo(2 / 3, 12);
  });

  test('takes any text for an action, and repeats itself exactly', () => {
    const action = fc.oneof(
      fc.constantFrom(
        'search[gloves]',
        'click[next >]',
        'click[back to search]',
        ' CLICK[< Prev] ',
        'click[a',
      ),
      fc.string({ unit: 'binary', maxLength: 200 }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.array(action, { maxLength: 17 }),
        (seed, actions) => {
          const steps = play({}, actions, seed);
          expect(play({}, actions, seed)).toEqual(steps);
          for (const step of steps) {
            expect(step.done).toBe(step.info.outcome !== null);
            expect(step.admissible.length > 0).toBe(!step.done);
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  test.each([
    [{ task: [], seed: 1 }, 'ENVIRONMENT_TASK', 'task'],
    [{ task: 'x', seed: 1 }, 'ENVIRONMENT_TASK', 'task'],
    [{ task: { steps: 3 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.steps'],
    [{ task: { goal: -1 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.goal'],
    [{ task: { goal: 1e6 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.goal'],
    [{ task: { goal: '3' }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.goal'],
    [{ task: { goal: 3, split: 'train' }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.split'],
    [{ task: { split: 'test' }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.split'],
    [{ task: { matching: 'exact' }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.matching'],
    [{ task: { reward: 'toString' }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.reward'],
    [{ task: { maxSteps: 0 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.maxSteps'],
    [{ task: { maxSteps: 101 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.maxSteps'],
    [{ task: {}, seed: -1 }, 'ENVIRONMENT_SEED', 'seed'],
    [{ task: {}, seed: 2 ** 32 }, 'ENVIRONMENT_SEED', 'seed'],
  ])('refuses %j', (options, code, param) => {
    expect(() => shop.open(options)).toThrow(expect.objectContaining({ code, param }));
  });

  test('refuses a split without goals, and a shop without any', () => {
    const tiny = createShopEnvironment('tiny', () => buildShop(catalogue(product({ attributes: ['x'] }))));
    const none = createShopEnvironment('none', () => buildShop(catalogue()));

    expect(() => tiny.open({ task: {}, seed: 0 })).toThrow(expect.objectContaining({ param: 'task.split' }));
    expect(tiny.open({ task: { split: 'validation' }, seed: 0 }).task).toContain('Find me');
    expect(() => none.open({ task: { goal: 0 }, seed: 0 })).toThrow(
      expect.objectContaining({ param: 'task.goal' }),
    );
  });
});

describe('buildShop', () => {
  test('refuses a seed that is none', () => {
    expect(() => buildShop(catalogue(), { seed: 1.5 })).toThrow(
      expect.objectContaining({ code: 'SHOP_SETTING' }),
    );
  });
});
