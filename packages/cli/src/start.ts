import { join, resolve } from 'node:path';
import { defaultPorts } from '@residency/service';
import { integerFlag, readFlags } from './arguments.js';
import type { Command } from './command.js';
import { repositoryRoot, stateDir } from './paths.js';
import { startPlatform } from './platform.js';
import { formatTable } from './table.js';

const flags = {
  port: integerFlag(1, 65_535, defaultPorts.gateway.http),
  'rollout-workers': integerFlag(1, 64, 1),
};

/** Resolves once the user asks to stop. */
function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

/** `residency start`: the platform on this machine, until it is stopped. */
export const start: Command = {
  summary: 'start [--port N] [--rollout-workers N]: run the platform until ctrl-C',
  async run(args, { terminal, env, signal, hurry }) {
    const { port, 'rollout-workers': rolloutWorkers } = readFlags(flags, args);
    const platform = await startPlatform({
      dir: stateDir,
      remove: [],
      modelsDir: resolve(env['RESIDENCY_MODELS_DIR'] ?? join(repositoryRoot, 'models')),
      redisUrl: env['REDIS_URL'],
      queuePrefix: env['RESIDENCY_QUEUE_PREFIX'] ?? 'residency',
      gatewayPort: { preferred: port, isFlexible: false },
      prefersDefaultPorts: true,
      rolloutWorkers,
      signal,
      hurry,
      onEvent: (message) => terminal.line(message),
    });
    try {
      const rows = platform.processes().map(({ name, url, pid }) => [name, url, String(pid)]);
      for (const line of formatTable([['service', 'url', 'pid'], ...rows])) terminal.line(`  ${line}`);
      terminal.line(`logs: ${platform.logsDir}`);
      terminal.line(`gateway: ${platform.gatewayUrl}`);
      const failure = await Promise.race([platform.failure, aborted(signal)]);
      if (failure !== undefined) throw failure;
      terminal.line('stopping');
      return 0;
    } finally {
      await platform.stop();
    }
  },
};
