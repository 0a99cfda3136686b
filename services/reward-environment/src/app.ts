import {
  addService,
  EnvironmentService,
  type EpisodeRequest,
  type EpisodeResponse,
  episodeRequestFromProto,
  episodeResponseToProto,
  type Handlers,
  toResidencyError,
} from '@residency/protocol';
import {
  type ConfigField,
  type ConfigOf,
  defaultPorts,
  grpcPortField,
  integerField,
  type Metrics,
  type ProcessFields,
  processFields,
  type RunningService,
  startGrpcServer,
  startService,
} from '@residency/service';
import { EpisodeSlots, Episodes } from './episodes.js';

interface RewardEnvironmentFields extends ProcessFields {
  readonly grpcPort: ConfigField<number>;
  /** Episodes open at once, over all streams. */
  readonly maxEpisodes: ConfigField<number>;
  readonly episodeIdleMs: ConfigField<number>;
}

/** The settings of the environment service. */
export const rewardEnvironmentFields: RewardEnvironmentFields = {
  ...processFields(defaultPorts['reward-environment'].http),
  grpcPort: grpcPortField(defaultPorts['reward-environment'].grpc),
  maxEpisodes: integerField('RESIDENCY_MAX_EPISODES', 1, 100_000, 256),
  episodeIdleMs: integerField('RESIDENCY_EPISODE_IDLE_MS', 100, 86_400_000, 300_000),
};

type PlayMessage = Parameters<typeof episodeRequestFromProto>[0];

export type RewardEnvironmentConfig = ConfigOf<RewardEnvironmentFields>;

/** A message that cannot be read is the failure of the episode that it names; the others of the stream go on. */
function answer(message: PlayMessage, episodes: Episodes): EpisodeResponse {
  let request: EpisodeRequest;
  try {
    request = episodeRequestFromProto(message);
  } catch (thrown) {
    return { episodeId: message.episodeId, result: { kind: 'failure', error: toResidencyError(thrown) } };
  }
  const { episodeId, command } = request;
  return { episodeId, result: episodes.handle(episodeId, command) };
}

function handlers(config: RewardEnvironmentConfig, metrics: Metrics): Handlers<typeof EnvironmentService> {
  const gauge = metrics.gauge('residency_episodes');
  const ended = metrics.counter('residency_episodes_total');
  const slots = new EpisodeSlots(config.maxEpisodes, (open) => gauge.set(open));
  return {
    async *play(requests) {
      const episodes = new Episodes({
        slots,
        idleMs: config.episodeIdleMs,
        onEnd: (outcome) => ended.inc({ outcome }),
      });
      try {
        for await (const message of requests) {
          yield episodeResponseToProto(answer(message, episodes));
        }
      } finally {
        episodes.close();
      }
    },
  };
}

/** Starts the environment service: episodes over one stream per batch. */
export function startRewardEnvironment(config: RewardEnvironmentConfig): Promise<RunningService> {
  return startService('reward-environment', config, async ({ log, metrics, shutdown }) => {
    const grpc = await startGrpcServer({
      host: config.host,
      port: config.grpcPort,
      log,
      metrics,
      add: (server, onError) => addService(server, EnvironmentService, handlers(config, metrics), onError),
    });
    shutdown.on('intake', 'grpc', async () => grpc.stopIntake());
    shutdown.on('drain', 'grpc', (outOfTime) => grpc.stop(outOfTime));
    return { checks: {}, addresses: { grpc: `${config.host}:${grpc.port}` } };
  });
}
