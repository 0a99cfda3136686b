import {
  drawWardPatient,
  greedyPolicy,
  informedBound,
  MAX_EXACT_FINDINGS,
  openWard,
  optimalPolicy,
  optimalValue,
  policyActions,
  policyValue,
  posteriorOf,
  randomPolicy,
  randomValue,
  scoreEpisode,
  simulatePolicy,
  solveWard,
  type WardPolicy,
  wardOf,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TINY_WARD, tinyWard } from '../../../support/tiny-ward.js';
import { everyKnowledge, everyPatient, expectimax } from '../../../support/ward-expectimax.js';

const chance = fc.double({ min: 0.01, max: 0.99, noNaN: true });

describe('the optimal value', () => {
  test('is what trying every play of a tiny ward gives', () => {
    expect(solveWard(tinyWard()).value).toBeCloseTo(expectimax(tinyWard()), 12);
  });

  test.each([1, 2, 3])('counts with a limit of %i steps', (maxSteps) => {
    const ward = tinyWard({ maxSteps });

    expect(solveWard(ward).value).toBeCloseTo(expectimax(ward), 12);
    expect(solveWard(ward).value).toBeLessThanOrEqual(solveWard(tinyWard()).value + 1e-12);
  });

  test('is that of every play whatever the probabilities, priors and costs are', () => {
    const tables = fc.record({
      weights: fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 })),
      chances: fc.array(fc.tuple(chance, chance), { minLength: 3, maxLength: 3 }),
      cost: fc.double({ min: 0, max: 0.1, noNaN: true }),
    });
    fc.assert(
      fc.property(tables, ({ weights, chances, cost }) => {
        const ward = tinyWard({
          diseases: TINY_WARD.diseases.map((row, place) => ({ ...row, weight: weights[place] ?? 1 })),
          findings: TINY_WARD.findings.map((row, place) => {
            return { ...row, cost, chances: chances[place] ?? [] };
          }),
        });
        expect(solveWard(ward).value).toBeCloseTo(expectimax(ward), 10);
      }),
      { numRuns: 60 },
    );
  });

  test('of a ward where nothing can be told is that of the best guess', () => {
    const findings = TINY_WARD.findings.map((row) => ({ ...row, chances: [0.5, 0.5] }));
    const [storm, breeze] = TINY_WARD.diseases;
    if (!storm || !breeze) throw new Error('no tiny ward');
    const diseases = [{ ...storm, redFlags: [] }, breeze];

    // Breeze is right with 0.7, never justified; emergency is right with 0.3 and two too high else.
    const urgencies = [0.25 * 0.7 - 0.3 * 0.3, 0.1 * 0.7 - 0.15 * 0.3, 0.25 * 0.3];
    expect(solveWard(tinyWard({ findings, diseases })).value).toBeCloseTo(
      0.5 * 0.7 + Math.max(...urgencies),
      12,
    );
  });

  test('lies above what guessing, greed and chance get, and below 1', () => {
    for (const level of ['bay', 'ward'] as const) {
      const ward = wardOf(level);
      const optimal = optimalValue(level);
      const greedy = policyValue(ward, greedyPolicy(ward));
      const random = randomValue(ward);

      expect(policyValue(ward, optimalPolicy(ward))).toBeCloseTo(optimal, 12);
      expect(optimal).toBeGreaterThan(greedy + 0.1);
      expect(greedy).toBeGreaterThan(random + 0.1);
      expect(optimal).toBeLessThan(0.95);
    }
  });

  test('lies below what who is told everything for nothing gets', () => {
    for (const ward of [tinyWard(), wardOf('bay'), wardOf('ward')]) {
      const { mean, standardError } = informedBound(ward, 4_000);
      expect(solveWard(ward).value).toBeLessThan(mean + 4 * standardError);
      expect(mean).toBeLessThan(1);
    }
    // All eight findings of each disease of the tiny ward, one by one.
    const ward = tinyWard();
    const exact = Array.from({ length: 8 }, (_, bits) => {
      const weights = everyPatient(ward)
        .filter(({ patient }) =>
          patient.present.every((isPresent, at) => isPresent === ((bits >> at) & 1) > 0),
        )
        .map(({ probability }) => probability);
      const [storm = 0, breeze = 0] = weights;
      const urgencies = [0.25 * breeze - 0.3 * storm, 0.1 * breeze - 0.15 * storm, 0.25 * storm];
      return 0.75 * Math.max(storm, breeze) + Math.max(...urgencies);
    }).reduce((sum, value) => sum + value, 0);
    const { mean, standardError } = informedBound(ward, 20_000);
    expect(Math.abs(mean - exact)).toBeLessThan(4 * standardError);
  });

  test('is given for no ward of too many findings', () => {
    expect(() => optimalValue('hospital')).toThrow(
      expect.objectContaining({
        code: 'ENVIRONMENT_TOO_LARGE',
        message: `level hospital has 31 findings, want at most ${MAX_EXACT_FINDINGS} for exact values`,
      }),
    );
  });
});

describe('policies', () => {
  test('have the exact value that enumerating every patient of a tiny ward gives', () => {
    const ward = tinyWard();
    for (const policy of [greedyPolicy(ward), optimalPolicy(ward)]) {
      let value = 0;
      for (const { patient, probability } of everyPatient(ward)) {
        const knowledge = new Uint8Array(ward.findings.length);
        const elicited: number[] = [];
        for (let action = ward.actions[policy(knowledge)]; ; action = ward.actions[policy(knowledge)]) {
          if (action?.kind !== 'elicit') {
            const commitment = action ?? null;
            value += probability * scoreEpisode({ ward, patient, elicited, commitment }).total;
            break;
          }
          elicited.push(action.finding);
          knowledge[action.finding] = patient.present[action.finding] ? 2 : 1;
        }
      }
      expect(policyValue(ward, policy)).toBeCloseTo(value, 12);
    }
  });

  test.each(['bay', 'ward'] as const)('are worth in play what they are worth exactly, at %s', (level) => {
    const ward = wardOf(level);
    const cases = [
      [optimalPolicy(ward), optimalValue(level)],
      [greedyPolicy(ward), policyValue(ward, greedyPolicy(ward))],
      [randomPolicy(ward), randomValue(ward)],
    ] as const;

    for (const [policy, exact] of cases) {
      const { mean, standardError, steps } = simulatePolicy(ward, policy, 6_000);
      expect(standardError).toBeLessThan(0.008);
      expect(Math.abs(mean - exact)).toBeLessThan(4 * standardError);
      expect(steps).toBeLessThanOrEqual(ward.maxSteps);
    }
  });

  test('play an episode of any seed to its end, with rewards that sum up to the score', () => {
    const ward = wardOf('ward');
    const policy = optimalPolicy(ward);
    for (let seed = 0; seed < 200; seed++) {
      const episode = openWard({ ward, seed });
      let [sum, isValid] = [0, true];
      for (const command of policyActions(episode, policy)) {
        const step = episode.act(command);
        isValid &&= step.info.isValid;
        sum += step.reward;
        if (step.done) expect(sum).toBeCloseTo(step.info.score?.total ?? Number.NaN, 12);
      }
      expect(isValid).toBe(true);
      expect(episode.observe().admissible).toEqual([]);
    }
  });

  test('of greed asks what tells most, and commits to what is most probable', () => {
    const ward = tinyWard();
    const greedy = greedyPolicy(ward);

    // The probe parts the two almost surely, and greed does not ask whom it harms.
    expect(ward.actions[greedy(new Uint8Array(3))]?.text).toBe('order probe');
    for (const knowledge of everyKnowledge(ward)) {
      const action = ward.actions[greedy(knowledge)];
      const posterior = posteriorOf(ward, knowledge);
      if (action?.kind === 'commit') expect(posterior[action.disease]).toBe(Math.max(...posterior));
    }
  });

  test('avoid at their best what harms: the exercise test is for those whose heart is probably well', () => {
    const ward = wardOf('bay');
    const { actionOf } = solveWard(ward);
    const exercise = ward.findings.findIndex(({ name }) => name === 'exercise test');
    const heart = ward.diseases.findIndex(({ name }) => name === 'acute coronary syndrome');
    for (const knowledge of everyKnowledge(ward))
      if (actionOf(knowledge) === exercise) expect(posteriorOf(ward, knowledge)[heart]).toBeLessThan(0.5);
    const harmed = (policy: WardPolicy) =>
      Array.from({ length: 500 }, (_, seed) => seed).filter((seed) => {
        const episode = openWard({ ward, seed });
        for (const command of policyActions(episode, policy)) episode.act(command);
        return drawWardPatient(ward, seed).disease === heart && episode.knowledge[exercise] !== 0;
      }).length;
    expect(harmed(actionOf)).toBeLessThan(harmed(greedyPolicy(ward)));
  });
});
