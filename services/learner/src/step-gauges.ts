import type { LearnStepMetrics } from '@residency/protocol';
import type { GaugeName, Metrics } from '@residency/service';

type NumberOf = (metrics: LearnStepMetrics) => number | undefined;

/** The gauges of a step and what they show, with the value of the label `bound` where they have it. */
const gauges: readonly (readonly [GaugeName, NumberOf, Readonly<Record<string, string>>])[] = [
  ['residency_learn_loss', ({ loss }) => loss, {}],
  ['residency_learn_kl_nats', ({ kl }) => kl, {}],
  ['residency_learn_old_kl_nats', ({ oldKl }) => oldKl, {}],
  ['residency_learn_entropy_nats', ({ entropy }) => entropy, {}],
  ['residency_learn_ratio', ({ ratio }) => ratio, {}],
  ['residency_learn_clip_fraction', ({ clipFractionLow }) => clipFractionLow, { bound: 'low' }],
  ['residency_learn_clip_fraction', ({ clipFractionHigh }) => clipFractionHigh, { bound: 'high' }],
  ['residency_learning_rate', ({ learningRate }) => learningRate, {}],
  ['residency_learn_gradient_norm', ({ gradNorm }) => gradNorm, {}],
  ['residency_learn_clip_scale', ({ clipScale }) => clipScale, {}],
  ['residency_learn_update_norm', ({ updateNorm }) => updateNorm, {}],
  ['residency_learn_parameter_norm', ({ parameterNorm }) => parameterNorm, {}],
];

/**
 * Shows a step: each gauge holds the number of the step that was answered last, whichever job it was of, and NaN where
 * that step has none.
 */
export function showStep(metrics: Metrics, step: LearnStepMetrics): void {
  for (const [name, numberOf, labels] of gauges) {
    // A step that was kept may lack numbers, and JSON keeps what is not finite as null.
    metrics.gauge(name).set(labels, numberOf(step) ?? Number.NaN);
  }
}
