import { environments } from '@residency/environments';
import {
  addService,
  EnvironmentService,
  type EpisodeRequest,
  type EpisodeResponse,
  episodeRequestFromProto,
  episodeResponseToProto,
  type Handlers,
  ResidencyError,
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
import { answersAsReady } from './answers-as-ready.js';
import { type EpisodeHost, localHost } from './episode-host.js';
import { EpisodeSlots } from './episode-slots.js';
import { Episodes } from './episodes.js';
import { environmentsField, type RegisteredEnvironments } from './registered-environments.js';
import { RemoteEnvironments, type RemoteHosts } from './remote-environments.js';

interface RewardEnvironmentFields extends ProcessFields {
  readonly grpcPort: ConfigField<number>;
  /** Episodes open at once, over all streams. */
  readonly maxEpisodes: ConfigField<number>;
  readonly episodeIdleMs: ConfigField<number>;
  /** Environments that other servers host, by name. */
  readonly environments: ConfigField<RegisteredEnvironments>;
  /** Milliseconds in which such an environment has to answer a command. */
  readonly environmentTimeoutMs: ConfigField<number>;
}

/** The settings of the environment service. */
export const rewardEnvironmentFields: RewardEnvironmentFields = {
  ...processFields(defaultPorts['reward-environment'].http),
  grpcPort: grpcPortField(defaultPorts['reward-environment'].grpc),
  maxEpisodes: integerField('RESIDENCY_MAX_EPISODES', 1, 100_000, 256),
  episodeIdleMs: integerField('RESIDENCY_EPISODE_IDLE_MS', 100, 86_400_000, 3_600_000),
  environments: environmentsField('RESIDENCY_ENVIRONMENTS'),
  environmentTimeoutMs: integerField('RESIDENCY_ENVIRONMENT_TIMEOUT_MS', 50, 3_600_000, 30_000),
};

type PlayMessage = Parameters<typeof episodeRequestFromProto>[0];

export type RewardEnvironmentConfig = ConfigOf<RewardEnvironmentFields>;

/** A message that cannot be read is the failure of the episode that it names; the others of the stream go on. */
async function answer(message: PlayMessage, episodes: Episodes): Promise<EpisodeResponse> {
  let request: EpisodeRequest;
  try {
    request = episodeRequestFromProto(message);
  } catch (thrown) {
    return { episodeId: message.episodeId, result: { kind: 'failure', error: toResidencyError(thrown) } };
  }
  const { episodeId, command } = request;
  return { episodeId, result: await episodes.handle(episodeId, command) };
}

function hostOf(name: string, hosts: RemoteHosts, registered: readonly string[]): EpisodeHost {
  const environment = Object.hasOwn(environments, name) ? environments[name] : undefined;
  const host = environment === undefined ? hosts.find(name) : localHost(environment);
  if (host !== undefined) return host;
  const names = [...Object.keys(environments), ...registered].sort().join(', ');
  throw new ResidencyError(
    'environment_unknown',
    `environment: found ${JSON.stringify(name)}, wanted one of ${names}`,
    { param: 'environment' },
  );
}

function handlers(
  config: RewardEnvironmentConfig,
  metrics: Metrics,
  remote: RemoteEnvironments,
): Handlers<typeof EnvironmentService> {
  const gauge = metrics.gauge('residency_episodes');
  const ended = metrics.counter('residency_episodes_total');
  const slots = new EpisodeSlots(config.maxEpisodes, (open) => gauge.set(open));
  return {
    async *play(requests, call) {
      const hosts = remote.hosts(call.remainingMs());
      const episodes = new Episodes({
        findHost: (name) => hostOf(name, hosts, remote.names),
        slots,
        idleMs: config.episodeIdleMs,
        onEnd: (outcome) => ended.inc({ outcome }),
      });
      const respond = async (message: PlayMessage) => episodeResponseToProto(await answer(message, episodes));
      try {
        // Every open episode may be asked to act and, before it has answered, to close.
        const limit = 2 * config.maxEpisodes;
        yield* answersAsReady(requests, respond, { limit, signal: call.signal });
      } finally {
        episodes.close();
        await hosts.close();
      }
    },
  };
}

/** Starts the environment service: episodes over one stream per batch, hosted here or by registered servers. */
export function startRewardEnvironment(config: RewardEnvironmentConfig): Promise<RunningService> {
  return startService('reward-environment', config, async ({ log, metrics, shutdown }) => {
    const remote = new RemoteEnvironments({
      addresses: config.environments,
      timeoutMs: config.environmentTimeoutMs,
      onBroken: (environment, error) =>
        log.warn({ environment, code: error.code, err: error }, 'lost the stream to an environment'),
    });
    shutdown.on('clients', 'environments', async () => remote.close());
    const grpc = await startGrpcServer({
      host: config.host,
      port: config.grpcPort,
      log,
      metrics,
      add: (server, onError) =>
        addService(server, EnvironmentService, handlers(config, metrics, remote), onError),
    });
    shutdown.on('intake', 'grpc', async () => grpc.stopIntake());
    shutdown.on('drain', 'grpc', (outOfTime) => grpc.stop(outOfTime));
    return { checks: {}, addresses: { grpc: `${config.host}:${grpc.port}` } };
  });
}
