import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** What the reaper is told; it is also told by the end of the channel. */
export type ReaperMessage = { readonly add: number } | { readonly remove: number };

/**
 * A small process that outlives its owner: when the owner ends without ending its children, killed for instance, the
 * reaper does it. It learns of the owner's end by their channel closing.
 */
export interface Reaper {
  /** Takes note of a process group. */
  add(pid: number): void;
  /** The group has ended. */
  remove(pid: number): void;
  /** Lets the reaper go; it ends at once where no group is left. */
  close(): Promise<void>;
}

/** How this module's sibling is run: built, or from its source during development. */
function reaperCommand(): string[] {
  const isSource = import.meta.url.endsWith('.ts');
  const entry = fileURLToPath(new URL(isSource ? './reaper-main.ts' : './reaper-main.js', import.meta.url));
  return isSource ? ['--import', 'tsx', '--conditions=source', entry] : [entry];
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else child.once('exit', () => resolve());
  });
}

const START_DEADLINE_MS = 15_000;

/** Resolves when the reaper listens: what it is told from then on survives its owner. */
async function listening(child: ChildProcess): Promise<void> {
  const signal = AbortSignal.timeout(START_DEADLINE_MS);
  const early = once(child, 'exit', { signal }).then(([code]) => {
    throw new Error(`internal: the reaper ended with exit code ${code} before it listened`);
  });
  await Promise.race([once(child, 'message', { signal }), early]);
  // The loser of the race must not end as an unhandled rejection.
  early.catch(() => undefined);
}

/** Starts the reaper of this process. */
export async function startReaper(): Promise<Reaper> {
  const child = spawn(process.execPath, reaperCommand(), {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await listening(child);
  // It must not keep its owner alive.
  child.unref();
  child.channel?.unref();
  const send = (message: ReaperMessage): void => {
    // A reaper that was killed is a lost safety net, not a reason to fail.
    if (child.connected) child.send(message, () => undefined);
  };
  return {
    add: (pid) => send({ add: pid }),
    remove: (pid) => send({ remove: pid }),
    close: async () => {
      // From here on it is waited for.
      child.ref();
      const end = ended(child);
      if (child.connected) child.disconnect();
      await end;
    },
  };
}
