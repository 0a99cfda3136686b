import type { MessageInitShape } from '@bufbuild/protobuf';
import type { StepMetrics, StepMetricsSchema } from '../gen/residency/v1/learner_pb.js';

/** What a step says of its update and its ratios; a step that was taken before these were measured says none. */
export interface UpdateMetrics {
  /** The learning rate of this step. */
  readonly learningRate: number;
  /** L2 norm of what was added to the adapter. */
  readonly updateNorm: number;
  /** L2 norm of the adapter after the step. */
  readonly parameterNorm: number;
  /** What the gradient was multiplied by, 0 to 1. */
  readonly clipScale: number;
  /** Mean probability ratio to the old policy. */
  readonly ratio: number;
  /** Shares of tokens that the lower and the upper bound decided. */
  readonly clipFractionLow: number;
  readonly clipFractionHigh: number;
  /** Mean k3 estimate per token of the divergence from the old policy, in nats. */
  readonly oldKl: number;
  /** Mean importance weight, 1 without weights. */
  readonly importanceMean: number;
  /** Share of tokens whose importance weight was cut. */
  readonly importanceTruncated: number;
  /** Of preferences: share of pairs whose chosen completion gains more, and by how much in the mean. */
  readonly preferenceAccuracy: number;
  readonly preferenceMargin: number;
}

export interface LearnStepMetrics extends Partial<UpdateMetrics> {
  readonly loss: number;
  readonly policyLoss: number;
  readonly kl: number;
  readonly entropy: number;
  readonly clipFraction: number;
  readonly gradNorm: number;
  /** Tokens that carried loss. */
  readonly tokens: number;
  readonly skipped: string | null;
}

const UPDATE_METRICS: { readonly [M in keyof UpdateMetrics]: true } = {
  learningRate: true,
  updateNorm: true,
  parameterNorm: true,
  clipScale: true,
  ratio: true,
  clipFractionLow: true,
  clipFractionHigh: true,
  oldKl: true,
  importanceMean: true,
  importanceTruncated: true,
  preferenceAccuracy: true,
  preferenceMargin: true,
};

export function stepMetricsToProto(metrics: LearnStepMetrics): MessageInitShape<typeof StepMetricsSchema> {
  const { tokens, skipped, ...numbers } = metrics;
  return { ...numbers, tokens: BigInt(tokens), ...(skipped === null ? {} : { skipped }) };
}

export function stepMetricsFromProto(message: StepMetrics): LearnStepMetrics {
  const { loss, policyLoss, kl, entropy, clipFraction, gradNorm, tokens, skipped } = message;
  // The keys of the table.
  const names = Object.keys(UPDATE_METRICS) as (keyof UpdateMetrics)[];
  const update: Partial<UpdateMetrics> = Object.fromEntries(
    names.flatMap((name) => (message[name] === undefined ? [] : [[name, message[name]]])),
  );
  return {
    loss,
    policyLoss,
    kl,
    entropy,
    clipFraction,
    gradNorm,
    ...update,
    tokens: Number(tokens),
    skipped: skipped ?? null,
  };
}
