import { type RunningService, readConfig, stopService } from '@residency/service';
import { rewardEnvironmentFields, startRewardEnvironment } from '@residency/service-reward-environment';

/** Starts an environment service on free ports; it has to be stopped. */
export function startEnvironments(env: Readonly<Record<string, string>> = {}): Promise<RunningService> {
  return startRewardEnvironment(
    readConfig(rewardEnvironmentFields, {
      RESIDENCY_HTTP_PORT: '0',
      RESIDENCY_GRPC_PORT: '0',
      RESIDENCY_LOG_LEVEL: 'silent',
      ...env,
    }),
  );
}

/** Starts an environment service for one test, and stops it afterwards, which has to end in order. */
export async function withEnvironments(
  env: Readonly<Record<string, string>>,
  test: (service: RunningService) => Promise<void>,
): Promise<void> {
  const service = await startEnvironments(env);
  let isClean = false;
  try {
    await test(service);
  } finally {
    isClean = await stopService(service);
  }
  if (!isClean) throw new Error('the environment service did not stop in time');
}
