import type { RunEstimator } from '@residency/protocol';
import { estimate } from '@residency/service-advantage';
import { describe, expect, it } from 'vitest';

const weighed = (estimator: RunEstimator, ...rewards: readonly (readonly number[])[]) =>
  estimate({ estimator, groups: rewards.map((given, index) => ({ index, rewards: given })) });

describe('a group of which one sample was graded', () => {
  it('teaches nothing by grpo_passk, which compares the best with the second, and leaves other groups alone', () => {
    const [whole] = weighed('grpo_passk', [1, 0, 0]);

    expect(weighed('grpo_passk', [3], [1, 0, 0])).toEqual([
      { index: 0, advantages: [0], mean: 3, std: 0 },
      { ...whole, index: 1 },
    ]);
    expect(whole?.advantages[0]).toBeGreaterThan(0);
  });

  it.each(['grpo', 'grpo_nostd', 'rloo'] as const)(
    'keeps its reward by %s, as in the reference',
    (estimator) => {
      expect(weighed(estimator, [3])[0]?.advantages[0]).toBeCloseTo(3, 4);
    },
  );
});
