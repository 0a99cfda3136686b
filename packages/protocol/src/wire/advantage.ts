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
  /** Parts of the rewards; the estimator `decoupled` needs them. */
  readonly objectives?: readonly RewardObjective[];
}

/** One part of a group's rewards, in sample order, and what its normalised values are multiplied by. */
export interface RewardObjective {
  readonly name: string;
  readonly weight: number;
  readonly values: readonly number[];
}

/** The advantages of one group, in sample order, with the moments they were made from. */
export interface AdvantageGroup {
  readonly index: number;
  readonly advantages: readonly number[];
  /** Of episodes: the advantage of each of their steps, in the order of time. */
  readonly steps?: readonly (readonly number[])[];
  readonly mean: number;
  readonly std: number;
}

export interface AdvantageQuestion {
  readonly estimator: string;
  /** Added to the standard deviation; left out means the estimator's default. */
  readonly epsilon?: number;
  /** Least standard deviation that `decoupled` divides by; left out means its default. */
  readonly stdFloor?: number;
  readonly groups: readonly RewardGroup[];
}

export function advantageRequestToProto(
  question: AdvantageQuestion,
): MessageInitShape<typeof EstimateRequestSchema> {
  return {
    estimator: question.estimator,
    ...(question.epsilon === undefined ? {} : { epsilon: question.epsilon }),
    ...(question.stdFloor === undefined ? {} : { stdFloor: question.stdFloor }),
    groups: question.groups.map(({ index, rewards, objectives = [] }) => ({
      index,
      rewards: [...rewards],
      objectives: objectives.map((o) => ({ ...o, values: [...o.values] })),
    })),
  };
}

export function advantageRequestFromProto(message: EstimateRequest): AdvantageQuestion {
  return {
    estimator: message.estimator,
    ...(message.epsilon === undefined ? {} : { epsilon: message.epsilon }),
    ...(message.stdFloor === undefined ? {} : { stdFloor: message.stdFloor }),
    groups: message.groups.map(({ index, rewards, objectives }) => ({
      index,
      rewards,
      ...(objectives.length > 0 && {
        objectives: objectives.map(({ name, weight, values }) => ({ name, weight, values })),
      }),
    })),
  };
}

export function advantageResponseToProto(
  groups: readonly AdvantageGroup[],
): MessageInitShape<typeof EstimateResponseSchema> {
  return {
    groups: groups.map(({ index, advantages, mean, std }) => ({
      ...{ index, mean, std },
      advantages: [...advantages],
    })),
  };
}

export function advantageResponseFromProto(message: EstimateResponse): AdvantageGroup[] {
  return message.groups.map(({ index, advantages, mean, std }) => ({ index, advantages, mean, std }));
}
