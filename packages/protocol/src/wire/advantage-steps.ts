import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  EstimateStepsRequest,
  EstimateStepsRequestSchema,
  EstimateStepsResponse,
  EstimateStepsResponseSchema,
} from '../gen/residency/v1/advantage_pb.js';

/** One step of an episode as it is weighed. */
export interface WeighedStep {
  readonly anchor: string;
  readonly reward: number;
  readonly isValid: boolean;
}

/** Episodes of one task, their steps in the order of time. */
export interface EpisodeGroup {
  readonly index: number;
  readonly episodes: readonly (readonly WeighedStep[])[];
}

export interface StepsQuestion {
  readonly estimator: string;
  readonly gamma: number;
  readonly omega: number;
  readonly invalidPenalty: number;
  readonly normalisation: string;
  readonly similarity?: number;
  readonly history: number;
  readonly groups: readonly EpisodeGroup[];
}

/** The advantages of the steps of each episode, and the moments of the episodes' returns. */
export interface EpisodeGroupAdvantages {
  readonly index: number;
  readonly episodes: readonly (readonly number[])[];
  readonly mean: number;
  readonly std: number;
}

export function stepsRequestToProto(
  question: StepsQuestion,
): MessageInitShape<typeof EstimateStepsRequestSchema> {
  return {
    ...question,
    groups: question.groups.map(({ index, episodes }) => ({
      index,
      episodes: episodes.map((steps) => ({ steps: steps.map((step) => ({ ...step })) })),
    })),
  };
}

export function stepsRequestFromProto(message: EstimateStepsRequest): StepsQuestion {
  const { estimator, gamma, omega, invalidPenalty, normalisation, similarity, history, groups } = message;
  return {
    ...{ estimator, gamma, omega, invalidPenalty, normalisation, history },
    ...(similarity !== undefined && { similarity }),
    groups: groups.map(({ index, episodes }) => ({
      index,
      episodes: episodes.map(({ steps }) =>
        steps.map(({ anchor, reward, isValid }) => ({ anchor, reward, isValid })),
      ),
    })),
  };
}

export function stepsResponseToProto(
  groups: readonly EpisodeGroupAdvantages[],
): MessageInitShape<typeof EstimateStepsResponseSchema> {
  return {
    groups: groups.map(({ episodes, ...group }) => ({
      ...group,
      episodes: episodes.map((advantages) => ({ advantages: [...advantages] })),
    })),
  };
}

export function stepsResponseFromProto(message: EstimateStepsResponse): EpisodeGroupAdvantages[] {
  return message.groups.map(({ index, episodes, mean, std }) => ({
    ...{ index, mean, std },
    episodes: episodes.map(({ advantages }) => advantages),
  }));
}
