import { compareOutcomes, summarise } from '@residency/evaluation';
import { describe, expect, test } from 'vitest';
import { answerOf, outcomeOf } from '../../support/evaluation-outcomes.js';

const seed = { seed: 1 };

describe('summarise', () => {
  test('one sample of each question', () => {
    const results = summarise(
      [
        outcomeOf('1', 'A', { subject: 'surgery' }),
        outcomeOf('2', 'B', { subject: 'surgery' }),
        outcomeOf('3', '-', { subject: 'dental' }),
        outcomeOf('4', 'A'),
      ],
      seed,
    );

    expect(results.overAll).toMatchObject({ accuracy: 0.5, correct: 2, total: 4 });
    expect(results.overValid).toMatchObject({ accuracy: 2 / 3, correct: 2, total: 3 });
    expect(results.validShare).toBe(0.75);
    // 0.5 less 1.96 sqrt(0.0625 + 0.0600) / 1.9604, as 2 of 4 has its centre at one half.
    expect(results.overAll.wilson?.low).toBeCloseTo(0.15, 3);
    expect(results.majority).toBeNull();
    expect(results.passAtK).toEqual([]);
    expect(
      results.subjects.map(({ subject, accuracy, questions, validShare }) => [
        subject,
        accuracy,
        questions,
        validShare,
      ]),
    ).toEqual([
      ['dental', 0, 1, 0],
      ['surgery', 0.5, 2, 1],
    ]);
    const names = results.components.map(({ name }) => name);
    expect(names.filter((name) => !name.startsWith('loophole_'))).toEqual([
      'accuracy',
      'clinical_reasoning',
      'consistency',
    ]);
    // 10 for each right answer, and half a point for consistency.
    expect(results.meanReward).toBe(5.5);
    expect(results.judged).toBeNull();
  });

  test('several samples: votes, pass@k and no interval that takes them for independent', () => {
    const results = summarise(
      [outcomeOf('1', 'AAB-'), outcomeOf('2', 'BABA'), outcomeOf('3', '----'), outcomeOf('4', 'CCCA')],
      seed,
    );

    expect(results.overAll).toMatchObject({ accuracy: 5 / 16, wilson: null });
    expect(results.overValid.accuracy).toBe(5 / 11);
    // The tie of the second question goes to A, which is right.
    expect(results.majority).toMatchObject({ accuracy: 0.5, correct: 2, total: 4, ties: 1, empty: 1 });
    expect(results.passAtK.map(({ k }) => k)).toEqual([1, 2, 4]);
    expect(results.passAtK[0]?.value).toBeCloseTo(5 / 16, 14);
    // 1 - 1/6, 1 - 1/6, 0, 1 - 3/6
    expect(results.passAtK[1]?.value).toBeCloseTo((5 / 6 + 5 / 6 + 0 + 1 / 2) / 4, 14);
    expect(results.passAtK[2]?.value).toBe(0.75);
  });

  test('tells length and truncation', () => {
    const answers = [answerOf('x', 'A', { tokens: 10 }), answerOf('x', 'A', { tokens: 30, truncated: true })];
    const results = summarise([outcomeOf('1', 'A', { answers })], seed);

    expect(results).toMatchObject({ meanTokens: 20, truncatedShare: 0.5 });
  });

  test('without valid answers accuracy over them is null, not NaN', () => {
    const { overAll, overValid } = summarise([outcomeOf('1', '-'), outcomeOf('2', '-')], seed);

    expect(overValid).toEqual({ accuracy: null, correct: 0, total: 0, bootstrap: null, wilson: null });
    expect(overAll.accuracy).toBe(0);
    expect(JSON.stringify(summarise([], seed))).not.toContain('NaN');
  });

  test('refuses a question without answers', () => {
    expect(() => summarise([outcomeOf('7', '')], seed)).toThrowError(
      expect.objectContaining({
        code: 'EVALUATION_SHAPE',
        message: 'question 7: no answers, want at least one',
      }),
    );
  });
});

describe('compareOutcomes', () => {
  const model = [
    outcomeOf('1', 'A'),
    outcomeOf('2', 'A'),
    outcomeOf('3', 'B'),
    outcomeOf('4', 'A'),
    outcomeOf('5', 'A'),
  ];

  test('compares question by question, whatever the order', () => {
    const baseline = [
      outcomeOf('4', 'A'),
      outcomeOf('3', 'A'),
      outcomeOf('2', '-'),
      outcomeOf('1', 'B'),
      outcomeOf('9', 'A'),
    ];

    const comparison = compareOutcomes(model, baseline, seed);

    expect(comparison).toMatchObject({
      questions: 4,
      unmatched: 1,
      accuracy: 0.75,
      baselineAccuracy: 0.5,
      difference: 0.25,
    });
    expect(comparison.mcNemar).toMatchObject({
      both: 1,
      modelOnly: 2,
      baselineOnly: 1,
      neither: 0,
      pValue: 1,
    });
    expect(comparison.interval?.low).toBeLessThan(0.25);
  });

  test('is pinned to zero where both are the same', () => {
    const comparison = compareOutcomes(model, model, seed);

    expect(comparison).toMatchObject({
      difference: 0,
      interval: { low: 0, high: 0 },
      mcNemar: { pValue: 1 },
    });
  });

  test('turns around with its sides', () => {
    const baseline = model.map(({ id }, i) => outcomeOf(id, i % 2 === 0 ? 'A' : 'C'));
    const [there, back] = [compareOutcomes(model, baseline, seed), compareOutcomes(baseline, model, seed)];

    expect(back.difference).toBeCloseTo(-there.difference, 14);
    expect(back.mcNemar.pValue).toBe(there.mcNemar.pValue);
  });

  test.each([
    [[outcomeOf('8', 'A')], 'the baseline answered none of the 5 questions'],
    [[outcomeOf('1', 'B', { gold: 'B' })], 'question 1: the baseline answered another question of this id'],
    [[outcomeOf('1', 'A', { question: 'Other?' })], 'question 1: the baseline answered another question'],
  ])('refuses other data: %#', (baseline, message) => {
    expect(() => compareOutcomes(model, baseline, seed)).toThrowError(
      expect.objectContaining({ code: 'EVALUATION_UNPAIRED', message: expect.stringContaining(message) }),
    );
  });
});
