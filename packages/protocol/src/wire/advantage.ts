import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  EstimateRequest,
  EstimateRequestSchema,
  EstimateResponse,
  EstimateResponseSchema,
} from '../gen/residency/v1/advantage_pb.js';

/** The rewards of one group, in sample order. */
export interface RewardGroup {
  readonly index: number;
  readonly rewards: readonly number[];
}

/** The advantages of one group, in sample order, with the moments they were made from. */
export interface AdvantageGroup {
  readonly index: number;
  readonly advantages: readonly number[];
  readonly mean: number;
  readonly std: number;
}

export interface AdvantageQuestion {
  readonly estimator: string;
  /** Added to the standard deviation; left out means the estimator's default. */
  readonly epsilon?: number;
  readonly groups: readonly RewardGroup[];
}

export function advantageRequestToProto(
  question: AdvantageQuestion,
): MessageInitShape<typeof EstimateRequestSchema> {
  return {
    estimator: question.estimator,
    ...(question.epsilon === undefined ? {} : { epsilon: question.epsilon }),
    groups: question.groups.map((group) => ({ index: group.index, rewards: [...group.rewards] })),
  };
}

export function advantageRequestFromProto(message: EstimateRequest): AdvantageQuestion {
  return {
    estimator: message.estimator,
    ...(message.epsilon === undefined ? {} : { epsilon: message.epsilon }),
    groups: message.groups.map((group) => ({ index: group.index, rewards: group.rewards })),
  };
}

export function advantageResponseToProto(
  groups: readonly AdvantageGroup[],
): MessageInitShape<typeof EstimateResponseSchema> {
  return { groups: groups.map((group) => ({ ...group, advantages: [...group.advantages] })) };
}

export function advantageResponseFromProto(message: EstimateResponse): AdvantageGroup[] {
  return message.groups.map(({ index, advantages, mean, std }) => ({ index, advantages, mean, std }));
}
