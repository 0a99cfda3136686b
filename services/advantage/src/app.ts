import {
  type AdvantageEstimate,
  type Estimator,
  estimateAdvantages,
  isEstimator,
  objectiveAdvantages,
  type Singletons,
} from '@residency/algorithms';
import {
  type AdvantageGroup,
  type AdvantageQuestion,
  AdvantageService,
  addService,
  advantageRequestFromProto,
  advantageResponseToProto,
  ResidencyError,
  type RewardGroup,
  stepsRequestFromProto,
  stepsResponseToProto,
} from '@residency/protocol';
import {
  type ConfigField,
  type ConfigOf,
  defaultPorts,
  grpcPortField,
  type ProcessFields,
  processFields,
  type RunningService,
  startGrpcServer,
  startService,
} from '@residency/service';

import { estimateSteps } from './estimate-steps.js';
import { ofGroup } from './of-group.js';

interface AdvantageFields extends ProcessFields {
  readonly grpcPort: ConfigField<number>;
}

/** The settings of the advantage service. */
export const advantageFields: AdvantageFields = {
  ...processFields(defaultPorts.advantage.http),
  grpcPort: grpcPortField(defaultPorts.advantage.grpc),
};

/** Normalises each part of the rewards for itself. */
const DECOUPLED = 'decoupled';

/** What the one sample of a group gets that has a reward: the reference gives it as it is, but has no best of one. */
const LONE_SAMPLES: { readonly [E in Estimator]: Singletons } = {
  grpo: 'raw',
  grpo_nostd: 'raw',
  rloo: 'raw',
  grpo_passk: 'zero',
};

export type AdvantageConfig = ConfigOf<AdvantageFields>;

/** Advantages of one group by the estimator of its request. */
function weigh({ estimator, epsilon, stdFloor }: AdvantageQuestion, group: RewardGroup): AdvantageEstimate {
  const numbers = { ...(epsilon !== undefined && { epsilon }) };
  if (estimator !== DECOUPLED) {
    if (isEstimator(estimator)) {
      const singletons = LONE_SAMPLES[estimator];
      return estimateAdvantages({ estimator, rewards: group.rewards, singletons, ...numbers });
    }
    throw new ResidencyError(
      'invalid_request',
      `estimator: found ${JSON.stringify(estimator)}, wanted a known one`,
      { param: 'estimator' },
    );
  }
  const { objectives = [] } = group;
  return objectiveAdvantages({
    rule: DECOUPLED,
    objectives: Object.fromEntries(objectives.map(({ name, values }) => [name, values])),
    weights: Object.fromEntries(objectives.map(({ name, weight }) => [name, weight])),
    ...numbers,
    ...(stdFloor !== undefined && { stdFloor }),
  });
}

/**
 * Advantages of every group of a request, in its order.
 * @throws ResidencyError `invalid_request` for an unknown estimator or rewards that cannot be weighed.
 */
export function estimate(question: AdvantageQuestion): AdvantageGroup[] {
  return question.groups.map((group) =>
    ofGroup(group.index, () => {
      const { advantages, mean, std } = weigh(question, group);
      return { index: group.index, advantages, mean, std };
    }),
  );
}

/** Starts the advantage service: a pure function behind gRPC. */
export function startAdvantage(config: AdvantageConfig): Promise<RunningService> {
  return startService('advantage', config, async ({ log, metrics, shutdown }) => {
    const weighed = metrics.counter('residency_advantage_groups_total');
    const grpc = await startGrpcServer({
      host: config.host,
      port: config.grpcPort,
      log,
      metrics,
      add: (server, onError) =>
        addService(
          server,
          AdvantageService,
          {
            estimate: async (request) => {
              const groups = estimate(advantageRequestFromProto(request));
              weighed.inc(groups.length);
              return advantageResponseToProto(groups);
            },
            estimateSteps: async (request) => {
              const groups = estimateSteps(stepsRequestFromProto(request));
              weighed.inc(groups.length);
              return stepsResponseToProto(groups);
            },
          },
          onError,
        ),
    });
    shutdown.on('intake', 'grpc', async () => grpc.stopIntake());
    shutdown.on('drain', 'grpc', (outOfTime) => grpc.stop(outOfTime));
    return { checks: {}, addresses: { grpc: `${config.host}:${grpc.port}` } };
  });
}
