import { createServer, type Server } from 'node:net';
import { CliError } from './errors.js';

/** Holds a loopback port, or answers null where another process has it; 0 asks for a free one. */
function hold(port: number): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(null);
      else reject(error);
    });
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => resolve(server));
  });
}

function release(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('internal: a server without a port');
  return address.port;
}

/** A port that a process should get. */
export interface PortWish {
  /** Asked for first; 0 where any free port will do. */
  readonly preferred: number;
  /** Whether another port will do where the preferred one is taken. */
  readonly isFlexible: boolean;
}

/**
 * Chooses loopback ports, all different: they are held together and released together just before use.
 * @throws CliError CLI_PORT_TAKEN for a taken port that must not change
 */
export async function choosePorts(wishes: readonly PortWish[]): Promise<number[]> {
  const held: Server[] = [];
  try {
    for (const { preferred, isFlexible } of wishes) {
      const server = (await hold(preferred)) ?? (isFlexible ? await hold(0) : null);
      if (server === null) {
        throw new CliError(
          'CLI_PORT_TAKEN',
          `port ${preferred} on 127.0.0.1 is in use, want it free or another one asked for with --port`,
        );
      }
      held.push(server);
    }
    return held.map(portOf);
  } finally {
    await Promise.all(held.map(release));
  }
}
