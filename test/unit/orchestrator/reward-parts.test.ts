import type { RewardComponent, SampleGrade } from '@residency/protocol';
import type { GradedGroup } from '@residency/storage';
import { describe, expect, it } from 'vitest';
import { componentMeans } from '../../../services/orchestrator/src/evaluation.js';
import { constrained, diagnosisOf, objectivesOf } from '../../../services/orchestrator/src/reward-parts.js';

const part = (name: string, value: number, weight: number): RewardComponent => ({
  name,
  value,
  weight,
  spans: [],
  reason: '',
});

function groupOf(samples: readonly (readonly RewardComponent[])[]): GradedGroup {
  const grades = samples.map((components): SampleGrade => {
    const total = components.reduce((sum, { value, weight }) => sum + value * weight, 0);
    return { graded: true, total, components };
  });
  const completion = { ids: [1], logprobs: [0], temperature: 1, stopReason: 'stop' as const, text: '' };
  const policy = { version: 0, sha256: '' };
  const group = { phase: 'train' as const, step: 0, index: 0, item: 0, policy, promptIds: [1] };
  return {
    group: { ...group, samples: samples.map(() => completion) },
    grades: { index: 0, grades },
  };
}

/** Right and unsafe, wrong and safe, right and safe. */
const group = groupOf([
  [part('accuracy', 1, 10), part('format', 1, 1), part('safety', -16, 1), part('seen', 1, 0)],
  [part('accuracy', 0, 10), part('format', 1, 1), part('safety', 0, 1), part('seen', 0, 0)],
  [part('accuracy', 1, 10), part('format', 1, 1), part('safety', 0, 1), part('seen', 1, 0)],
]);

describe('parts of rewards', () => {
  it('are the components that count, by name, and what weights name; constraints are none', () => {
    expect(objectivesOf(group, {})).toEqual([
      { name: 'accuracy', weight: 1, values: [1, 0, 1] },
      { name: 'format', weight: 1, values: [1, 1, 1] },
    ]);
    expect(objectivesOf(group, { format: 0, seen: 0.5, safety: 3 })).toEqual([
      { name: 'accuracy', weight: 1, values: [1, 0, 1] },
      { name: 'seen', weight: 0.5, values: [1, 0, 1] },
    ]);
  });

  it('leave a sample that broke a constraint the least of its group, and never a gain', () => {
    expect(constrained(group, [0.6, -1.2, 0.6])).toEqual([-1.2, -1.2, 0.6]);
    expect(constrained(group, [0.6, 0.2, 0.6])).toEqual([0, 0.2, 0.6]);
  });

  it('explain the variance of the reward, constraints among them', () => {
    const { variance_shares: shares } = diagnosisOf([group]) as { variance_shares: Record<string, number> };
    expect(Object.values(shares).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 12);
    expect(shares['format']).toBeCloseTo(0, 12);
  });

  it('have means by name over the samples that have them', () => {
    expect(componentMeans(group.grades.grades)).toEqual({
      accuracy: 2 / 3,
      format: 1,
      safety: -16 / 3,
      seen: 2 / 3,
    });
  });
});
