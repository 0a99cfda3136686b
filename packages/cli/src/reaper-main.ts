import type { ReaperMessage } from './reaper.js';

/** Time between the request to end and the kill. */
const GRACE_MS = 5_000;
const CHECK_MS = 100;

const groups = new Set<number>();

/** Whether any process of the group is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pid, signal);
    return true;
  } catch {
    return false;
  }
}

function reap(): void {
  for (const pid of groups) signalGroup(pid, 'SIGTERM');
  const end = performance.now() + GRACE_MS;
  const check = (): void => {
    const left = [...groups].filter((pid) => signalGroup(pid, 0));
    if (left.length === 0) process.exit(0);
    if (performance.now() < end) {
      setTimeout(check, CHECK_MS);
      return;
    }
    for (const pid of left) signalGroup(pid, 'SIGKILL');
    process.exit(0);
  };
  check();
}

// Signals that end the owner must not end the one who cleans up after it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('message', (message: ReaperMessage) => {
  if ('add' in message) groups.add(message.add);
  else groups.delete(message.remove);
});
process.on('disconnect', reap);
process.send?.('listening');
