// A process that does one task and sends what it measured: fresh, so that nothing before it counts.
import { watch } from './sessions.js';
import { time } from './timed-work.js';
import type { Task } from './workload.js';

process.on('disconnect', () => process.exit(1));
process.once('message', (raw) => {
  const task = raw as Task; // measure.ts sends nothing else
  const work = task.task === 'time' ? time(task.kind, task.work) : watch(task.kind, task.work);
  work.then(
    (result) => process.send?.({ result }, undefined, {}, () => process.exit(0)),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exit(1);
    },
  );
});
