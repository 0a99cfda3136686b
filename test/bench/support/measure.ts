import { type ChildProcess, fork } from 'node:child_process';
import { entryCommand } from '../../../packages/tensor/src/process/entry.js';
import { untilEnded } from './children.js';
import type { Task, TaskResult } from './workload.js';

/**
 * Does a task in a fresh process.
 * @throws Error where that process ends without a result; it says why on stderr
 */
export async function measure<T extends Task>(task: T): Promise<TaskResult<T['task']>> {
  const { path, execArgv } = entryCommand(new URL('./worker.ts', import.meta.url));
  const child: ChildProcess = fork(path, [], { execArgv: [...execArgv] });
  const answer = new Promise<TaskResult<T['task']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) =>
      reject(new Error(`the process that measures ended with ${signal ?? code}`)),
    );
    // The worker answers with the result of the task that it was sent.
    child.once('message', (raw) => resolve((raw as { result: TaskResult<T['task']> }).result));
  });
  child.send(task);
  return await untilEnded(child, answer);
}
