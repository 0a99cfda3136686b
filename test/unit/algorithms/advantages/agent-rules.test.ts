import {
  AGENT_ESTIMATORS,
  type AgentRuleOptions,
  agentAdvantages,
  hgpo,
  scoreSteps,
} from '@residency/algorithms';
import { describe, expect, it } from 'vitest';

/** The hand check of the GiGPO specification, section 3: a wins 10 in three steps, b fails in four. */
const step = (trajectory: string, anchor: string, reward = 0, isValid = true) => ({
  ...{ group: 'g', trajectory, anchor, reward, isValid },
});
const batch = scoreSteps(
  [
    step('a', 's0'),
    step('a', 's1'),
    step('a', 's2', 10),
    step('b', 's0'),
    step('b', 's3'),
    step('b', 's1'),
    step('b', 's4'),
  ],
  { gamma: 0.95, invalidPenalty: 0.1 },
);
const options: AgentRuleOptions = { mode: 'mean_norm', omega: 1, similarity: null, history: 2 };
const near = (values: readonly number[], wanted: readonly number[]): void => {
  expect(values).toHaveLength(wanted.length);
  for (const [at, value] of values.entries()) expect(value).toBeCloseTo(wanted[at] ?? Number.NaN, 4);
};

describe('the steps of agents', () => {
  const episode = [5.7143, 5.7143, 5.7143, -4.2857, -4.2857, -4.2857, -4.2857];
  const own = [4.5125, 4.75, 0, -4.5125, 0, -4.75, 0];

  it('are weighed by gigpo against episodes and against equal states', () => {
    const both = episode.map((value, at) => value + (own[at] ?? 0));

    near(agentAdvantages('gigpo', batch, options), both);
    near(agentAdvantages('gigpo', batch, { ...options, omega: 0 }), episode);
    const half = episode.map((value, at) => value + 0.5 * (own[at] ?? 0));
    near(agentAdvantages('gigpo', batch, { ...options, omega: 0.5 }), half);
  });

  it('are those of gigpo without its step advantage for grpo, which says itself what it divides by', () => {
    near(agentAdvantages('grpo_nostd', batch, options), episode);
    const gigpo = agentAdvantages('gigpo', batch, { ...options, mode: 'mean_std_norm', omega: 0 });
    near(agentAdvantages('grpo', batch, options), gigpo);
    expect(agentAdvantages('grpo', batch, options)[0]).toBeCloseTo(5.7143 / 5.3452, 3);
  });

  it('are those of leaving one out for rloo: n / (n - 1) of the distance to the mean', () => {
    near(
      agentAdvantages('rloo', batch, options),
      episode.map((value) => (value * 7) / 6),
    );
  });

  it('are those of the library for hgpo, whose contexts the reference does not compare with the episode', () => {
    near(agentAdvantages('hgpo', batch, options), hgpo(batch, { mode: 'mean_norm', history: 2 }));
    const fresh = scoreSteps([step('a', 's0', 10), step('b', 's1')], { gamma: 0.95, invalidPenalty: 0.1 });
    expect(agentAdvantages('hgpo', fresh, options)).toEqual([0, 0]);
  });

  it.each(AGENT_ESTIMATORS)('have one advantage each: %s', (estimator) => {
    const advantages = agentAdvantages(estimator, batch, options);

    expect(advantages).toHaveLength(7);
    expect(advantages.every(Number.isFinite)).toBe(true);
  });
});
