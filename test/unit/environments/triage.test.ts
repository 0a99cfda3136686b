import {
  drawPatient,
  environmentNamed,
  environments,
  pointsOf,
  type Step,
  triage,
  VITAL_SIGNS,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const open = (seed: number, task: unknown = {}) => triage.open({ task, seed });
const play = (seed: number, actions: readonly string[], task: unknown = {}): Step[] => {
  const episode = open(seed, task);
  return actions.map((action) => episode.act(action));
};
const seeds = Array.from({ length: 400 }, (_, index) => index);
const levels = ['routine', 'urgent', 'emergency'];

describe('triage', () => {
  test('shows the patient, the task and every action, and hides the measurements', () => {
    const { text, admissible, anchor } = open(3).observe();

    expect(text).toContain(drawPatient(3).presentation);
    expect(text).toContain('Your task is to: ');
    expect(admissible).toEqual(
      [...VITAL_SIGNS.map((sign) => `measure ${sign}`), ...levels.map((level) => `declare ${level}`)].sort(),
    );
    expect(anchor).toBe('triage');
    expect(open(3).observe()).toEqual(open(3).observe());
  });

  test('tells a measurement once, at its cost, and remembers it', () => {
    const episode = open(5);
    const first = episode.act('measure pulse');
    const again = episode.act('measure pulse');

    expect(first).toMatchObject({
      reward: -0.02,
      done: false,
      info: { isValid: true, outcome: null, steps: 1 },
    });
    expect(first.text).toBe(`pulse: ${drawPatient(5).values.pulse} beats/min.`);
    expect(first.admissible).not.toContain('measure pulse');
    expect(again).toMatchObject({ text: 'Nothing happens.', reward: 0, info: { isValid: false, steps: 2 } });
    expect(episode.observe().text).toContain(first.text);
  });

  test('reaches the same anchor whatever the order of the measurements', () => {
    const [, one] = play(8, ['measure pulse', 'measure temperature']);
    const [, other] = play(8, ['measure temperature', 'measure pulse']);
    const [, different] = play(8, ['measure temperature', 'measure consciousness']);

    expect(one?.anchor).toBe(other?.anchor);
    expect(one?.anchor).not.toBe(different?.anchor);
  });

  test('rewards a declaration by its distance from what the score calls for', () => {
    const rewards = new Map<string, number>();
    for (const seed of seeds) {
      for (const level of levels) {
        const [step] = play(seed, [`declare ${level}`]);
        rewards.set(`${drawPatient(seed).response} -> ${level}`, step?.reward ?? Number.NaN);
        expect(step).toMatchObject({ done: true, admissible: [], info: { outcome: `declared ${level}` } });
      }
    }

    expect(Object.fromEntries(rewards)).toEqual({
      'routine -> routine': 1,
      'routine -> urgent': 0.3,
      'routine -> emergency': 0,
      'urgent -> routine': -0.5,
      'urgent -> urgent': 1,
      'urgent -> emergency': 0.3,
      'emergency -> routine': -1,
      'emergency -> urgent': -0.5,
      'emergency -> emergency': 1,
    });
  });

  test('pays who measures before declaring more than who guesses, on average', () => {
    const careful = (seed: number) => {
      const { response } = drawPatient(seed);
      const steps = play(seed, [...VITAL_SIGNS.map((sign) => `measure ${sign}`), `declare ${response}`]);
      return steps.reduce((sum, step) => sum + step.reward, 0);
    };
    const mean = (reward: (seed: number) => number) =>
      seeds.reduce((sum, seed) => sum + reward(seed), 0) / seeds.length;

    expect(mean(careful)).toBeCloseTo(1 - 7 * 0.02, 12);
    for (const level of levels) {
      expect(mean((seed) => play(seed, [`declare ${level}`])[0]?.reward ?? 0)).toBeLessThan(0.6);
    }
  });

  test('draws all three responses often, each as NEWS2 decides', () => {
    const counts: Record<string, number> = {};
    for (const seed of seeds) {
      const { values, response } = drawPatient(seed);
      const points = VITAL_SIGNS.map((sign) => pointsOf(sign, values[sign]));
      const total = points.reduce((sum, value) => sum + value, 0);
      const hasThree = points.some((value) => value === 3);
      const want = total >= 7 ? 'emergency' : total >= 5 || hasThree ? 'urgent' : 'routine';
      expect(response).toBe(want);
      counts[response] = (counts[response] ?? 0) + 1;
    }

    for (const level of levels) expect(counts[level]).toBeGreaterThan(60);
  });

  test('ends at the step limit without a declaration, and stays ended', () => {
    const steps = play(2, ['wait', 'measure pulse', 'declare urgent'], { maxSteps: 2 });

    expect(steps.map(({ done, reward, info }) => [done, reward, info.outcome, info.steps])).toEqual([
      [false, 0, null, 1],
      [true, -0.02, 'step limit', 2],
      [true, 0, 'step limit', 2],
    ]);
    expect(steps[2]?.text).toBe('The episode is over.');
  });

  test('reads an action whatever its case and spacing', () => {
    const [step] = play(2, ['  Measure   BLOOD\npressure ']);

    expect(step?.info.isValid).toBe(true);
  });

  test('takes any text for an action, and repeats itself exactly', () => {
    const action = fc.oneof(
      fc.constantFrom('measure pulse', 'declare urgent', 'measure', 'declare', '__proto__', 'constructor'),
      fc.string({ unit: 'binary', maxLength: 300 }),
    );
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.array(action, { maxLength: 15 }),
        (seed, actions) => {
          const steps = play(seed, actions);
          expect(play(seed, actions)).toEqual(steps);
          for (const step of steps) {
            expect(Number.isFinite(step.reward)).toBe(true);
            expect(step.done).toBe(step.info.outcome !== null);
            expect(step.admissible.length > 0).toBe(!step.done);
          }
        },
      ),
    );
  });

  const bad = [
    [{ task: [], seed: 1 }, 'ENVIRONMENT_TASK', 'task'],
    [{ task: 'x', seed: 1 }, 'ENVIRONMENT_TASK', 'task'],
    [{ task: { steps: 3 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.steps'],
    [{ task: { maxSteps: 0 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.maxSteps'],
    [{ task: { maxSteps: 101 }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.maxSteps'],
    [{ task: { maxSteps: '9' }, seed: 1 }, 'ENVIRONMENT_TASK', 'task.maxSteps'],
    [{ task: {}, seed: -1 }, 'ENVIRONMENT_SEED', 'seed'],
    [{ task: {}, seed: 1.5 }, 'ENVIRONMENT_SEED', 'seed'],
  ] as const;

  test.each(bad)('refuses %j', (options, code, param) => {
    expect(() => triage.open(options)).toThrow(expect.objectContaining({ code, param }));
  });
});

describe('environmentNamed', () => {
  test('finds each by its own name', () => {
    for (const [name, environment] of Object.entries(environments)) {
      expect(environment.name).toBe(name);
      expect(environmentNamed(name)).toBe(environment);
    }
  });

  test('refuses a name it does not have', () => {
    for (const name of ['clinic', 'toString', '']) {
      expect(() => environmentNamed(name)).toThrow(expect.objectContaining({ code: 'ENVIRONMENT_UNKNOWN' }));
    }
  });
});
