import type { SampleGrade } from '@residency/protocol';
import type { GradedGroup } from '@residency/storage';
import { describe, expect, it } from 'vitest';
import { accuracyFigures } from '../../../services/orchestrator/src/accuracy-figures.js';
import { betterOf, checkpointOf } from '../../../services/orchestrator/src/best-checkpoint.js';

const policy = { version: 2, sha256: 'a'.repeat(64) };

/** A case of gold letter A with boxed letters, null for none; the last one is greedy. */
function caseOf(index: number, letters: readonly (string | null)[]): GradedGroup {
  const samples = letters.map((letter, at) => ({
    ids: [1],
    logprobs: [0],
    temperature: at === letters.length - 1 ? 0 : 1,
    stopReason: 'stop' as const,
    text: letter === null ? 'no idea' : `\\boxed{${letter}}`,
  }));
  const grades = letters.map((letter): SampleGrade => {
    const component = { name: 'accuracy', value: letter === 'A' ? 1 : 0, weight: 10, spans: [], reason: '' };
    return { graded: true, total: 10 * component.value, components: [component] };
  });
  const group = { phase: 'eval' as const, step: 2, index, item: index, policy, promptIds: [1], samples };
  return { group, grades: { index, grades } };
}

describe('figures of an evaluation', () => {
  const groups = [
    caseOf(0, ['A', 'A', 'B', 'A']),
    caseOf(1, ['B', 'C', 'A', 'B']),
    caseOf(2, ['B', 'B', 'A', 'A']),
    caseOf(3, [null, null, null, null]),
  ];

  it('count majorities, ties to the first letter, and valid choices', () => {
    // Right are case 0 by votes and case 1 by the tie; case 3 casts no vote. 9 of 12 tempered samples choose.
    expect(accuracyFigures(groups, 7)).toMatchObject({ majority_accuracy: 0.5, valid_share: 0.75 });
  });

  it('give the greedy share the score interval', () => {
    // Two of four: (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n) with z = 1.959964.
    const [low = 0, high = 0] = accuracyFigures(groups, 7).greedy_interval ?? [];
    expect(low).toBeCloseTo(0.15004, 4);
    expect(high).toBeCloseTo(0.84996, 4);
  });

  it('give the mean an interval around it, the same for the same seed', () => {
    const many = Array.from({ length: 200 }, (_, i) =>
      caseOf(i, i % 4 === 0 ? ['B', 'B', 'B'] : ['A', 'A', 'A']),
    );
    const [low = 0, high = 0] = accuracyFigures(many, 7).accuracy_interval ?? [];
    // Three quarters of 200 independent cases: a standard error of 0.0306.
    expect(low).toBeGreaterThan(0.75 - 3 * 0.0306);
    expect(low).toBeLessThan(0.75 - 0.0306);
    expect(high).toBeGreaterThan(0.75 + 0.0306);
    expect(high).toBeLessThan(0.75 + 3 * 0.0306);
    expect(accuracyFigures(many, 7).accuracy_interval).toEqual([low, high]);
  });

  it('are absent where nothing was graded', () => {
    const [first] = groups;
    if (!first) throw new Error('there are groups');
    const ungraded: SampleGrade = { graded: false, reason: 'grader_failed', message: 'x' };
    const none = { ...first, grades: { index: 0, grades: first.group.samples.map(() => ungraded) } };
    const absent = {
      accuracy_interval: null,
      greedy_interval: null,
      majority_accuracy: null,
      valid_share: null,
    };
    expect(accuracyFigures([none], 7)).toEqual(absent);
  });
});

describe('the best version', () => {
  const version = (n: number, accuracy: number | null, mean_reward: number | null) => ({
    policy_version: n,
    adapter_sha256: `${n}`,
    accuracy,
    mean_reward,
  });

  it('is the most accurate one, the earlier of equals, whatever its reward', () => {
    const [early, late] = [version(2, 0.5, 1), version(4, 0.5, 9)];
    expect(betterOf(null, early)).toBe(early);
    expect(betterOf(early, late)).toBe(early);
    expect(betterOf(early, version(6, 0.51, 0)).policy_version).toBe(6);
  });

  it('is that of the highest reward where nothing says what is right', () => {
    expect(betterOf(version(2, null, 1), version(4, null, 2)).policy_version).toBe(4);
    expect(betterOf(version(2, null, 1), version(4, null, null)).policy_version).toBe(2);
  });

  it('is named by the policy that was measured', () => {
    const summary = { accuracy: 0.5, mean_reward: 3 } as Parameters<typeof checkpointOf>[0];
    expect(checkpointOf(summary, policy)).toEqual({
      policy_version: 2,
      adapter_sha256: policy.sha256,
      accuracy: 0.5,
      mean_reward: 3,
    });
  });
});
