import type { LearnStepMetrics } from '@residency/protocol';
import { Metrics } from '@residency/service';
import { expect, it } from 'vitest';
import { showStep } from '../../../services/learner/src/step-gauges.js';

const step: LearnStepMetrics = {
  loss: -0.25,
  policyLoss: -0.25,
  kl: 0,
  entropy: 1.5,
  clipFraction: 0.125,
  gradNorm: 2,
  tokens: 10,
  skipped: null,
};
const linesOf = async (metrics: Metrics): Promise<string[]> =>
  (await metrics.text()).split('\n').filter((line) => line.startsWith('residency_learn'));

it('shows the numbers of the last step, and none that it lacks', async () => {
  const metrics = new Metrics('learner');

  showStep(metrics, { ...step, learningRate: 1e-3, ratio: 1, clipFractionLow: 0.0625, clipFractionHigh: 0 });
  const first = await linesOf(metrics);
  showStep(metrics, { ...step, loss: -0.5, gradNorm: Number.NaN });
  const second = await linesOf(metrics);

  expect(first).toContain('residency_learn_clip_fraction{bound="high",service="learner"} 0');
  expect(first).toContain('residency_learn_clip_fraction{bound="low",service="learner"} 0.0625');
  expect(first).toContain('residency_learning_rate{service="learner"} 0.001');
  expect(first).toContain('residency_learn_ratio{service="learner"} 1');
  expect(first).toContain('residency_learn_update_norm{service="learner"} Nan');
  expect(second).toHaveLength(first.length);
  expect(second).toContain('residency_learn_loss{service="learner"} -0.5');
  expect(second).toContain('residency_learn_ratio{service="learner"} Nan');
  expect(second).toContain('residency_learn_gradient_norm{service="learner"} Nan');
});
