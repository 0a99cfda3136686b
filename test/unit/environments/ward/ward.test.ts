import {
  drawWardPatient,
  openWard,
  scoreEpisode,
  URGENCIES,
  type Vignette,
  type Ward,
  type WardPatient,
  type WardStep,
  ward,
  wardOf,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tinyWard } from '../../../support/tiny-ward.js';

const bay = wardOf('bay');
const playAt = (of: Ward, seed: number, actions: readonly string[]): WardStep[] => {
  const episode = openWard({ ward: of, seed });
  return actions.map((action) => episode.act(action));
};
const elicits = (of: Ward): string[] =>
  of.actions.filter(({ kind }) => kind === 'elicit').map(({ text }) => text);

/** First seed of the bay whose patient is as wanted. */
function seedOf(wanted: (patient: WardPatient) => boolean): number {
  for (let seed = 0; seed < 10_000; seed++) if (wanted(drawWardPatient(bay, seed))) return seed;
  throw new Error('no such patient');
}

const STORM = 0;
const BREEZE = 1;
const [THUNDER, CLOUDS, PROBE] = [0, 1, 2];
const [ROUTINE, URGENT, EMERGENCY] = [0, 1, 2];

/** The parts of an episode's reward in the tiny ward, by rule, but for those that are 0. */
function parts(
  disease: number,
  present: readonly number[],
  elicited: readonly number[],
  commitment: { readonly disease: number; readonly urgency: number } | null,
) {
  const patient = {
    presentation: '',
    disease,
    present: [THUNDER, CLOUDS, PROBE].map((f) => present.includes(f)),
  };
  const score = scoreEpisode({ ward: tinyWard(), patient, elicited, commitment });
  expect(score.total).toBeCloseTo(
    score.parts.reduce((sum, { amount }) => sum + amount, 0),
    15,
  );
  for (const { reason } of score.parts) expect(reason.length).toBeGreaterThan(10);
  const amounts: Record<string, number> = {};
  for (const { rule, amount } of score.parts) if (amount !== 0) amounts[rule] = (amounts[rule] ?? 0) + amount;
  return { amounts, won: score.won, score };
}

describe('scoreEpisode', () => {
  test('pays diagnosis, urgency and justification, less the costs, where all is right', () => {
    const all = [THUNDER, CLOUDS];
    const { amounts, won, score } = parts(STORM, all, all, { disease: STORM, urgency: EMERGENCY });

    expect(amounts).toEqual({ cost: -0.03, diagnosis: 0.5, urgency: 0.25, justification: 0.25 });
    expect(won).toBe(true);
    expect(score.total).toBeCloseTo(0.97, 12);
    expect(score.parts.map(({ reason }) => reason)).toEqual([
      'ask about thunder costs 0.01',
      'examine clouds costs 0.02',
      'diagnosed storm, the patient has storm',
      'committed to emergency, storm is emergency',
      // 0.3 * 0.7 * 0.9 = 0.189 against 0.7 * 0.1 * 0.3 = 0.021.
      'what was elicited makes storm 90.0 % probable, from 30.0 %',
    ]);
  });

  test('does not pay for a guess what it pays for a diagnosis that something elicited speaks for', () => {
    const guess = parts(BREEZE, [], [], { disease: BREEZE, urgency: ROUTINE });
    // Clouds make a storm likelier than a breeze, thus a breeze less than it was: 0.21 to 0.27.
    const against = parts(BREEZE, [CLOUDS], [CLOUDS], { disease: BREEZE, urgency: ROUTINE });

    expect(guess).toMatchObject({ amounts: { diagnosis: 0.5, urgency: 0.25 }, won: false });
    expect(against.amounts).toEqual({ cost: -0.02, diagnosis: 0.5, urgency: 0.25 });
  });

  test('pays a wrong diagnosis for its urgency at most, however probable it was', () => {
    const { amounts, won } = parts(BREEZE, [THUNDER, CLOUDS], [THUNDER, CLOUDS], {
      disease: STORM,
      urgency: EMERGENCY,
    });

    expect(amounts).toEqual({ cost: -0.03 });
    expect(won).toBe(false);
  });

  test('rewards an urgency by its distance from the right one', () => {
    const urgencies = (disease: number) =>
      URGENCIES.map((_, urgency) => parts(disease, [], [], { disease, urgency }).amounts['urgency'] ?? 0);

    expect(urgencies(STORM)).toEqual([-0.3, -0.15, 0.25]);
    expect(urgencies(BREEZE)).toEqual([0.25, 0.1, 0]);
  });

  test('counts a contraindicated test as harm to who has what forbids it, and to nobody else', () => {
    const commitment = { disease: STORM, urgency: EMERGENCY };

    expect(parts(STORM, [PROBE], [PROBE], commitment)).toMatchObject({
      amounts: { cost: -0.05, 'contraindicated test': -0.5, justification: 0.25 },
      won: false,
    });
    expect(parts(BREEZE, [PROBE], [PROBE], commitment).amounts).toEqual({ cost: -0.05 });
    expect(parts(STORM, [PROBE], [PROBE], null).amounts).toEqual({
      cost: -0.05,
      'contraindicated test': -0.5,
    });
  });

  test('counts an urgency below what an elicited red flag calls for, whatever the disease', () => {
    const low = (disease: number, urgency: number) =>
      parts(disease, [THUNDER], [THUNDER], { disease, urgency }).amounts['ignored red flag'];

    expect([low(STORM, ROUTINE), low(STORM, URGENT), low(STORM, EMERGENCY)]).toEqual([-0.5, -0.5, undefined]);
    expect(low(BREEZE, ROUTINE)).toBe(-0.5);
    expect(parts(STORM, [], [THUNDER], { disease: STORM, urgency: ROUTINE }).amounts).not.toHaveProperty([
      'ignored red flag',
    ]);
  });

  test('counts a red flag of the disease that is present and was never asked for', () => {
    const missed = (disease: number, present: number[], elicited: number[]) =>
      parts(disease, present, elicited, { disease, urgency: EMERGENCY }).amounts['missed red flag'];

    expect(missed(STORM, [THUNDER], [])).toBe(-0.2);
    expect(missed(STORM, [THUNDER], [THUNDER])).toBeUndefined();
    expect(missed(STORM, [], [])).toBeUndefined();
    expect(missed(BREEZE, [THUNDER], [])).toBeUndefined();
    expect(parts(STORM, [THUNDER], [], null).amounts).toEqual({ 'missed red flag': -0.2 });
  });
});

describe('an episode of the ward', () => {
  test('shows who comes and what can be done, and hides what they have', () => {
    const { text, admissible, anchor } = ward.open({ task: { level: 'bay' }, seed: 3 }).observe();

    expect(text).toContain(drawWardPatient(bay, 3).presentation);
    expect(text).toContain('Your task is to: ');
    expect(admissible).toEqual([...bay.byText.keys()].sort());
    expect(admissible).toContain('diagnose chest wall pain as routine');
    expect(anchor).toBe('ward');
  });

  test('tells each finding once as it is, at its cost', () => {
    const seed = seedOf(({ present }) => present[0] === true && present[3] === false);
    const [pain, ecg, again] = playAt(bay, seed, ['ask about arm or jaw pain', ' ORDER  ecg ', 'order ecg']);

    expect(pain).toMatchObject({
      ...{ text: 'The pain spreads to the arm or the jaw.', reward: -0.005, done: false },
      info: { isValid: true, outcome: null, won: false, steps: 1, score: null },
    });
    expect(ecg).toMatchObject({ text: 'The ECG shows no ischaemia.', reward: -0.02 });
    expect(ecg?.admissible).not.toContain('order ecg');
    expect(ecg?.anchor).toBe('ward; arm or jaw pain: present; ecg: absent');
    expect(again).toMatchObject({ text: 'Nothing happens.', reward: 0, info: { isValid: false, steps: 3 } });
    expect(again?.anchor).toBe(ecg?.anchor);
  });

  test('has one anchor for what is known, in whatever order it was learnt', () => {
    const orders = fc.shuffledSubarray(elicits(wardOf('ward')));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), orders, (seed, order) => {
        const one = playAt(wardOf('ward'), seed, order).at(-1)?.anchor;
        const other = playAt(wardOf('ward'), seed, [...order].sort()).at(-1)?.anchor;
        const fewer = playAt(wardOf('ward'), seed, order.slice(1)).at(-1)?.anchor;
        expect(other).toBe(one);
        if (order.length > 1) expect(fewer).not.toBe(one);
      }),
      { numRuns: 60 },
    );
  });

  test('pays out at the end what scoreEpisode says, each part of it in the info', () => {
    const seed = seedOf(({ disease, present }) => disease === 0 && present[0] === true);
    const patient = drawWardPatient(bay, seed);
    const steps = playAt(bay, seed, ['order exercise test', 'diagnose chest wall pain as routine']);
    const score = scoreEpisode({
      ...{ ward: bay, patient, elicited: [4] },
      commitment: { disease: 2, urgency: 0 },
    });

    expect(steps[1]?.info.score).toEqual(score);
    expect(steps.reduce((sum, { reward }) => sum + reward, 0)).toBeCloseTo(score.total, 12);
    expect(score.parts.map(({ rule, amount }) => [rule, amount])).toEqual([
      ...[
        ['cost', -0.04],
        ['diagnosis', 0],
        ['urgency', -0.3],
        ['justification', 0],
      ],
      ['contraindicated test', -0.5],
      ['missed red flag', -0.2],
    ]);
    expect(steps[1]).toMatchObject({
      text: 'You diagnosed chest wall pain as routine; the patient has acute coronary syndrome, whose urgency is emergency.',
      admissible: [],
      info: { outcome: 'diagnosed chest wall pain as routine', won: false },
    });
  });

  test('ends at the step limit, is scored without a commitment, and stays ended', () => {
    const seed = seedOf(({ disease, present }) => disease === 0 && present[0] === true);
    const episode = openWard({ ward: bay, seed, maxSteps: 2 });
    const steps = ['wait', 'order exercise test', 'diagnose pneumonia as urgent'].map((action) =>
      episode.act(action),
    );

    expect(steps.map(({ done, reward, info }) => [done, reward, info.outcome, info.steps])).toEqual([
      [false, 0, null, 1],
      [true, -0.5 - 0.2 - 0.04, 'step limit', 2],
      [true, 0, 'step limit', 2],
    ]);
    expect(steps[2]?.text).toBe('The episode is over.');
  });

  test('takes any text for an action, repeats itself exactly, and sums its rewards up to the score', () => {
    const of = wardOf('ward');
    const action = fc.oneof(
      fc.constantFrom(...of.byText.keys(), 'diagnose', 'ask about', 'order __proto__', 'constructor', ''),
      fc.string({ unit: 'binary', maxLength: 700 }),
    );
    const actions = fc.array(action, { maxLength: 16 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), actions, (seed, texts) => {
        const steps = playAt(of, seed, texts);
        expect(playAt(of, seed, texts)).toEqual(steps);
        let [sum, admissible] = [0, openWard({ ward: of, seed }).observe().admissible];
        for (const [index, step] of steps.entries()) {
          const wanted = (texts[index] ?? '').trim().toLowerCase().replaceAll(/\s+/g, ' ');
          expect(step.info.isValid).toBe(admissible.includes(wanted));
          expect(step.done).toBe(step.info.outcome !== null);
          expect(step.admissible.length > 0).toBe(!step.done);
          sum += step.reward;
          admissible = [...step.admissible];
        }
        const score = steps.at(-1)?.info.score;
        if (score) expect(sum).toBeCloseTo(score.total, 12);
      }),
    );
  });

  test('reads an action of a million characters in no time worth naming', () => {
    const [step] = playAt(bay, 1, [`order${' '.repeat(1_000_000)}ecg`]);

    expect(step?.info.isValid).toBe(false);
  });

  const vignette: Vignette = {
    ...{ source: 's', presentation: 'p', question: 'q', options: ['A one', 'B two'], diagnosis: 'B two' },
    facts: [{ kind: 'history', name: '1', text: 'It hurts.', keywords: 'hurts' }],
  };
  const bad = [
    [[], 'task'],
    ['x', 'task'],
    [{ steps: 3 }, 'task.steps'],
    [{ level: 'clinic' }, 'task.level'],
    [{ level: 3 }, 'task.level'],
    [{ maxSteps: 0 }, 'task.maxSteps'],
    [{ maxSteps: '9' }, 'task.maxSteps'],
    [{ level: 'bay', case: vignette }, 'task.level'],
    [{ case: 7 }, 'task.case'],
    [{ case: { ...vignette, diagnosis: 'C' } }, 'task.case.diagnosis'],
    [{ case: { ...vignette, facts: [{ kind: 'rumour' }] } }, 'task.case.facts[0].kind'],
    [{ case: { ...vignette, facts: [...vignette.facts, ...vignette.facts] } }, 'task.case.facts'],
    [{ case: { ...vignette, question: '' } }, 'task.case.question'],
  ] as const;

  test.each(bad)('refuses the task %j', (task, param) => {
    expect(() => ward.open({ task, seed: 1 })).toThrow(
      expect.objectContaining({ code: 'ENVIRONMENT_TASK', param }),
    );
  });

  test('refuses what is no seed, with a case too', () => {
    for (const task of [{}, { case: vignette }])
      expect(() => ward.open({ task, seed: -1 })).toThrow(
        expect.objectContaining({ code: 'ENVIRONMENT_SEED' }),
      );
    expect(ward.open({ task: { case: vignette }, seed: 1 }).act('diagnose b').info.outcome).toBe(
      'diagnosed B two',
    );
  });
});
