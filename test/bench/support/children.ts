import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

/** What runs now: it ends with this process, whose benchmark nobody waits for any more. */
const running = new Set<() => void>();

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.once(signal, () => process.exit(128 + constants.signals[signal]));
process.once('exit', () => {
  for (const kill of running) kill();
});

/**
 * The answer of a child, once the child has ended too, so that the next one has the machine for itself.
 * @param isGroup whether the child leads a process group, all of which is ended
 */
export async function untilEnded<T>(child: ChildProcess, answer: Promise<T>, isGroup = false): Promise<T> {
  const { pid } = child;
  const kill = (): void => {
    if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(isGroup ? -pid : pid, 'SIGKILL');
    } catch {
      // It ended in between.
    }
  };
  running.add(kill);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  try {
    const result = await answer;
    await ended;
    return result;
  } finally {
    running.delete(kill);
  }
}
