import {
  openVignette,
  readCases,
  type Vignette,
  type WardStep,
  ward,
  withDrawnOptions,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { caseFile, MEDIQ_ROW, OSCE_ROW } from '../../../support/case-files.js';

const read = (row: unknown): Vignette => {
  const [vignette] = readCases(JSON.stringify(row), 'cases.jsonl').cases;
  if (vignette === undefined) throw new Error('no case');
  return vignette;
};
const play = (vignette: Vignette, actions: readonly string[], maxSteps = 40): WardStep[] => {
  const episode = openVignette({ vignette, maxSteps });
  return actions.map((action) => episode.act(action));
};
const osce = OSCE_ROW.OSCE_Examination;
const withOsce = (replaced: object) => ({ OSCE_Examination: { ...osce, ...replaced } });

describe('a case of MediQ', () => {
  const vignette = read(MEDIQ_ROW);

  test('tells age, sex, question and options at first, and keeps its facts', () => {
    const { text, admissible, anchor } = openVignette({ vignette }).observe();

    expect(text).toBe(
      'A patient: male, 40 years. What is it? A: Sprained wrist; B: Broken wrist. Your task is to: find the right one of the options.',
    );
    expect(admissible).toEqual([
      ...[1, 2, 3, 4, 5].map((number) => `ask about ${number}`),
      ...['diagnose A', 'diagnose B'],
    ]);
    expect(anchor).toBe('ward');
  });

  test('is asked by number and by keywords, all of which a fact must have, each fact at its cost', () => {
    const steps = play(vignette, [
      'ask about 3',
      'Ask about the SWOLLEN, warm',
      'ask about swollen',
      'ask about swollen',
      'ask about the patient',
      'ask about 9',
      'examine 1',
    ]);

    expect(steps.map(({ text, reward, info }) => [text, reward, info.isValid])).toEqual([
      ['The wrist is bent.', -0.005, true],
      ['The swollen hand is warm.', -0.005, true],
      ['The wrist is swollen. Swollen too is the swollen thumb.', -0.01, true],
      ...Array.from({ length: 4 }, () => ['Nothing happens.', 0, false]),
    ]);
  });

  test('brings three facts to light at once at most', () => {
    const facts = [1, 2, 3, 4, 5].map((number) => `${number}. Sign ${number} of pain.`);
    const [first, second] = play(read({ ...MEDIQ_ROW, facts }), ['ask about pain', 'ask about pain']);

    expect(first?.text).toBe('Sign 1 of pain. Sign 2 of pain. Sign 3 of pain.');
    expect(second?.text).toBe('Sign 4 of pain. Sign 5 of pain.');
  });

  test('has one anchor for what is known, in whatever order it was learnt', () => {
    const [, one] = play(vignette, ['ask about 1', 'ask about bent']);
    const [, other] = play(vignette, ['ask about 3', 'ask about 1']);
    const [, different] = play(vignette, ['ask about 3', 'ask about 2']);

    expect(one?.anchor).toBe('ward; history 1: The patient fell on his hand.; history 3: The wrist is bent.');
    expect(other?.anchor).toBe(one?.anchor);
    expect(different?.anchor).not.toBe(one?.anchor);
  });

  test('is rewarded by the rules that apply, each part in the info', () => {
    const asked = ['ask about 1', 'ask about 2', 'ask about 3'];
    const last = (...actions: readonly string[]) => play(vignette, actions).at(-1);

    expect(last(...asked, 'diagnose b as emergency')).toMatchObject({
      reward: 0.75,
      info: { won: true, outcome: 'diagnosed Broken wrist' },
    });
    expect(last(...asked, 'diagnose broken WRIST')?.reward).toBe(0.75);
    expect(last('ask about 1', 'diagnose B')).toMatchObject({ reward: 0.5, info: { won: false } });
    expect(last(...asked, 'diagnose A')).toMatchObject({ reward: 0, done: true, info: { won: false } });
    expect(last('diagnose C')).toMatchObject({ done: false, info: { isValid: false } });
    expect(last(...asked, 'diagnose B')?.info.score?.parts.map(({ rule, amount }) => [rule, amount])).toEqual(
      [
        ...[1, 2, 3].map(() => ['cost', -0.005]),
        ...[
          ['diagnosis', 0.5],
          ['urgency', 0],
          ['justification', 0.25],
        ],
      ],
    );
  });

  test('takes a text for an option where it can mean one alone', () => {
    const options = { A: '+1 and -2', B: '-1 and +2', C: 'Rest (bed)' };
    const signs = read({ ...MEDIQ_ROW, options, answer: options.B });
    const outcome = (stated: string) => play(signs, [`diagnose ${stated}`])[0]?.info.outcome;

    expect(['-1 and +2', 'b', '1, 2', 'rest', ''].map(outcome)).toEqual([
      ...['diagnosed -1 and +2', 'diagnosed -1 and +2', null, 'diagnosed Rest (bed)', null],
    ]);
  });

  test('plays as a task of the environment', () => {
    const episode = ward.open({ task: { case: JSON.parse(JSON.stringify(vignette)), maxSteps: 1 }, seed: 1 });

    expect(episode.act('ask about fell')).toMatchObject({
      text: 'The patient fell on his hand.',
      done: true,
      info: { outcome: 'step limit' },
    });
  });
});

describe('a case of AgentClinic', () => {
  const vignette = read(OSCE_ROW);

  test('has what is told, examined and tested as its facts', () => {
    const { text, admissible } = openVignette({ vignette }).observe();

    expect(text).toBe(
      'A patient: 40-year-old man. Find out why the wrist hurts. Your task is to: find the diagnosis and state it.',
    );
    expect(admissible).toEqual([
      ...['ask about history', 'ask about primary symptom', 'ask about secondary symptoms'],
      ...['examine vital signs', 'examine wrist'],
      ...['order blood tests', 'order imaging mri', 'order imaging x-ray'],
    ]);
  });

  test('is asked by name, by number, and by words of the name or of what is measured', () => {
    const steps = play(vignette, [
      'ask about secondary symptoms',
      'examine heart rate',
      'order hemoglobin',
      'order x-ray',
      'order 8',
      'order wrist',
    ]);

    expect(steps.map(({ text, reward }) => [text, reward])).toEqual([
      ['secondary symptoms: Swelling, Bruise.', -0.005],
      ['vital signs: heart rate: 80 bpm; is calm: yes.', -0.01],
      ['blood tests: hemoglobin: Normal.', -0.03],
      ['imaging x-ray: findings: A broken radius.', -0.03],
      ['imaging mri: findings: Not done.', -0.03],
      ['Nothing happens.', 0],
    ]);
  });

  test('takes the diagnosis in any case, order and punctuation, with or without its abbreviation', () => {
    const isRight = (stated: string) => play(vignette, [`diagnose ${stated}`])[0]?.reward === 0.5;

    expect(
      [
        "Colles' fracture",
        'fracture, colles',
        'CF',
        "COLLES' FRACTURE (CF)",
        'Colles fracture as urgent',
      ].map(isRight),
    ).toEqual([true, true, true, true, true]);
    expect(
      ['fracture', 'Colles', 'Colles fracture sprain', 'the', '()', "Smith's fracture"].map(isRight),
    ).toEqual([false, false, false, false, false, false]);
  });

  test('gets options from the diagnoses of other cases, its own among them, by the seed', () => {
    const names = ['Gout', 'Sprain', 'Gout', 'Arthritis', 'colles fracture'];
    const cases = [OSCE_ROW, ...names.map((name) => withOsce({ Correct_Diagnosis: name }))].map(read);
    const drawn = (seed: number, count = 3) =>
      withDrawnOptions({ cases, row: 0, count, seed })?.options ?? [];

    expect(drawn(1)).toEqual(drawn(1));
    const firsts = new Set(Array.from({ length: 40 }, (_, seed) => drawn(seed)[0]));
    expect([...firsts].sort()).toEqual(['Arthritis', "Colles' fracture (CF)", 'Gout', 'Sprain']);
    for (let seed = 0; seed < 20; seed++) {
      expect(new Set(drawn(seed)).size).toBe(3);
      expect(drawn(seed)).toContain(vignette.diagnosis);
      expect(drawn(seed)).not.toContain('colles fracture');
    }
    expect(drawn(1, 26)).toHaveLength(4);
    expect(withDrawnOptions({ cases, row: 9, count: 3, seed: 1 })).toBeUndefined();
  });
});

describe('readCases', () => {
  const deep = Array.from({ length: 12 }).reduce<object>((inner) => ({ Deeper: inner, Flat: 'x' }), {});
  const bad = [
    ['{', 'row', 'row is not JSON: '],
    ['7', 'row', 'row has no field OSCE_Examination or facts, want a case in one of these forms'],
    [{ Facts: [] }, 'row', 'row has no field'],
    [{ ...MEDIQ_ROW, facts: 'x' }, 'facts', 'facts is "x", want a list'],
    [{ ...MEDIQ_ROW, facts: ['1. x', 7] }, 'facts[1]', 'facts[1] is 7, want a text'],
    [{ ...MEDIQ_ROW, facts: Array(201).fill('x') }, 'facts', 'facts is 201, want at most 200 facts'],
    [{ ...MEDIQ_ROW, options: {} }, 'options', 'options is {}, want 1 to 26 options'],
    [{ ...MEDIQ_ROW, options: { A: 'x', C: 'y' } }, 'options', 'want options lettered A, B, ...'],
    [{ ...MEDIQ_ROW, options: { A: 'x', B: '' } }, 'options.B', 'options.B is "", want a text'],
    [{ ...MEDIQ_ROW, answer_idx: 'E' }, 'answer_idx', 'answer_idx is "E", want one of: A, B'],
    [{ ...MEDIQ_ROW, answer: undefined }, 'answer', 'answer is missing, want a text'],
    [{ ...MEDIQ_ROW, patient: { age: '4' } }, 'patient.gender', 'patient.gender is missing, want a text'],
    [{ OSCE_Examination: 1 }, 'OSCE_Examination', 'OSCE_Examination is 1, want an object'],
    [withOsce({ Correct_Diagnosis: ' ' }), 'OSCE_Examination.Correct_Diagnosis', 'is " ", want a text'],
    [withOsce({ Test_Results: [] }), 'OSCE_Examination.Test_Results', 'is [], want an object'],
    [
      withOsce({ Test_Results: { A: { B: null } } }),
      'OSCE_Examination.Test_Results.A.B',
      'is null, want a text, a number, a list or an object',
    ],
    [
      withOsce({ Test_Results: { A_B: 'x', 'a b': 'y' } }),
      'OSCE_Examination',
      'want facts of different names',
    ],
    [
      withOsce({ Test_Results: { A: deep } }),
      `OSCE_Examination.Test_Results.A${'.Deeper'.repeat(9)}`,
      'want at most 8 levels of objects',
    ],
  ] as const;

  test.each(bad)('refuses %j, naming file, line and field', (row, param, message) => {
    const text = typeof row === 'string' ? row : JSON.stringify(row);
    const error = expect.objectContaining({
      ...{ code: 'ENVIRONMENT_CASE', param },
      message: expect.stringMatching(/^cases\.jsonl:3: /),
    });
    const file = `${JSON.stringify(MEDIQ_ROW)}\n\n${text}\n`;

    expect(() => readCases(file, 'cases.jsonl')).toThrow(error);
    expect(() => readCases(file, 'cases.jsonl')).toThrow(message);
  });

  test('refuses what is nested a hundred thousand levels deep', () => {
    const nested = (open: string, close: string) => open.repeat(100_000) + close.repeat(100_000);
    const text = JSON.stringify(withOsce({ Test_Results: { A: 'HERE' } }));
    const refused = { code: 'ENVIRONMENT_CASE' };

    for (const value of [nested('[', ']'), nested('{"x":', '}').replace(':}', ':{}}')])
      expect(() => readCases(text.replace('"HERE"', value), 'deep.jsonl')).toThrow(
        expect.objectContaining(refused),
      );
    const facts = text.replace('"HERE"', nested('[', ']')).replace('OSCE_Examination', 'facts');
    expect(() => readCases(facts, 'deep.jsonl')).toThrow('facts is an object, want a list');
  });

  test('refuses a file without rows', () => {
    expect(() => readCases('\n\n', 'empty.jsonl')).toThrow('empty.jsonl: has no rows, want cases');
  });

  test('notes where the answer is not what its letter says, and goes by the letter', () => {
    const row = { ...MEDIQ_ROW, answer: 'Sprained wrist' };
    const { cases, notes } = readCases(`${JSON.stringify(MEDIQ_ROW)}\n${JSON.stringify(row)}`, 'c.jsonl');

    expect(notes).toEqual(['c.jsonl:2: answer is "Sprained wrist", but answer_idx says "Broken wrist"']);
    expect(cases.map(({ diagnosis }) => diagnosis)).toEqual(['Broken wrist', 'Broken wrist']);
    expect(cases[1]?.source).toBe('c.jsonl row 1');
  });
});

describe('any text as an action of a real case', () => {
  test('throws nothing, repeats itself, and sums its rewards up to the score', () => {
    const action = fc.oneof(
      fc.constantFrom('ask about 1', 'ask about wrist', 'examine wrist', 'order x', 'diagnose', 'diagnose b'),
      fc.constantFrom('ask about __proto__', 'order constructor', 'ask about 999999', 'diagnose  as urgent'),
      fc.string({ unit: 'binary', maxLength: 700 }),
      fc.string({ unit: 'binary', maxLength: 60 }).map((text) => `ask about ${text}`),
    );
    const cases = [read(MEDIQ_ROW), read(OSCE_ROW)];
    fc.assert(
      fc.property(fc.constantFrom(...cases), fc.array(action, { maxLength: 12 }), (vignette, texts) => {
        const steps = play(vignette, texts, 10);
        expect(play(vignette, texts, 10)).toEqual(steps);
        for (const step of steps) expect(step.done).toBe(step.info.outcome !== null);
        const score = steps.at(-1)?.info.score;
        const sum = steps.reduce((total, { reward }) => total + reward, 0);
        if (score) expect(sum).toBeCloseTo(score.total, 12);
      }),
    );
  });
});

describe('the published files', () => {
  const files = [
    ['agentclinic_medqa.jsonl', 107, 0],
    ['mediq_dev.jsonl', 1_272, 0],
    ['mediq_craft_md.jsonl', 140, 2],
  ] as const;

  for (const [name, rows, notes] of files) {
    const file = caseFile(name);
    test.skipIf(file === null)(`${name}: every row plays to a won end, and no letter is lost`, () => {
      if (file === null) throw new Error('absent');
      expect(file.cases).toHaveLength(rows);
      expect(file.notes).toHaveLength(notes);
      for (const vignette of file.cases) {
        const episode = openVignette({ vignette, maxSteps: 300 });
        for (const action of episode.observe().admissible)
          if (!action.startsWith('diagnose')) expect(episode.act(action).info.isValid).toBe(true);
        const known = episode.observe();
        for (const { text } of vignette.facts) expect(known.text).toContain(text);
        const last = episode.act(`diagnose ${vignette.diagnosis}`);
        expect(last).toMatchObject({ done: true, info: { won: true } });
        expect(last.reward).toBe(0.75);
        expect(known.anchor.startsWith('ward')).toBe(true);
      }
      expect(new Set(file.cases.map(({ source }) => source)).size).toBe(rows);
    });
  }

  const craft = caseFile('mediq_craft_md.jsonl');
  test.skipIf(craft === null)(
    'the rows of CRAFT-MD whose answers are at odds are those that are known',
    () => {
      expect(craft?.notes.map((note) => note.split(':').slice(0, 2).join(':'))).toEqual([
        'mediq_craft_md.jsonl:113',
        'mediq_craft_md.jsonl:130',
      ]);
    },
  );

  const dev = caseFile('mediq_dev.jsonl');
  test.skipIf(dev === null)('the rows of MediQ without facts are those that are known', () => {
    const empty = dev?.cases.flatMap(({ facts }, row) => (facts.length === 0 ? [row] : []));
    expect(empty).toEqual([224, 298, 779]);
  });
});
