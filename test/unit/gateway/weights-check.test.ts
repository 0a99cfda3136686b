import { describe, expect, it } from 'vitest';
import { checkObjectiveWeights } from '../../../services/gateway/src/weights-check.js';

const crpo = { type: 'crpo', name: 'clinical', profile: 'crpo-paper', safety: { cap: 0 } };
const check = (objectiveWeights: Readonly<Record<string, number>>, grader: object = crpo) =>
  checkObjectiveWeights({ grader, advantage: { estimator: 'decoupled', objectiveWeights } });
const refusal = (text: string) =>
  expect.objectContaining({
    code: 'invalid_request',
    param: 'x_residency.objective_weights',
    message: expect.stringContaining(text),
  });
const none = { accuracy: 0, clinical_reasoning: 0, consistency: 0 };

describe('objective weights', () => {
  it('may leave out and add what the grader reports', () => {
    expect(() => check({})).not.toThrow();
    expect(() => check({ accuracy: 0, consistency: 0 })).not.toThrow();
    expect(() => check({ ...none, loophole_no_choice: -0.5 })).not.toThrow();
    expect(() => checkObjectiveWeights({ grader: null })).not.toThrow();
  });

  it.each([
    [none, crpo],
    [
      { accuracy: 0, clinical_reasoning: 0, loophole_no_choice: 0 },
      { ...crpo, consistency_weight: 0 },
    ],
    [
      { same: 0 },
      {
        ...{ type: 'string_check', name: 'same', operation: 'eq' },
        ...{ input: '{{sample.output_text}}', reference: 'C' },
      },
    ],
  ])('that leave nothing to learn from are refused: %j', (weights, grader) => {
    expect(() => check(weights, grader)).toThrow(refusal('by which every objective of the grader weighs 0'));
  });

  it.each([
    [{ acuracy: 2 }, 'x_residency.objective_weights.acuracy: found 2 for no objective of the grader'],
    [
      { faithfulness: 1 },
      'wanted one of accuracy, clinical_reasoning, consistency, loophole_empty_reasoning',
    ],
    // A cap bounds what a sample may gain and is no objective.
    [{ safety: 1 }, 'x_residency.objective_weights.safety: found 1'],
    [{ toString: 1 }, 'x_residency.objective_weights.toString: found 1'],
  ])('of what the grader does not report are refused: %j', (weights, text) => {
    expect(() => check(weights)).toThrow(refusal(text));
  });
});
