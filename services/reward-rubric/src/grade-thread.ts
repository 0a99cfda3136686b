import { parentPort } from 'node:worker_threads';
import { createGrader, type Grader } from '@residency/rubric';
import type { GradeReply, GradeTask } from './grader-pool.js';

// A run grades thousands of samples with one grader: made once per description.
const graders = new Map<string, Grader>();

function graderOf(spec: unknown): Grader {
  const key = JSON.stringify(spec);
  const known = graders.get(key);
  if (known !== undefined) return known;
  const grader = createGrader(spec);
  graders.clear();
  graders.set(key, grader);
  return grader;
}

function reply(task: GradeTask): GradeReply {
  try {
    const { item, completion } = task;
    return { kind: 'grade', ...graderOf(task.grader).grade({ item, completion }) };
  } catch (error) {
    return { kind: 'failure', message: error instanceof Error ? error.message : String(error) };
  }
}

const port = parentPort;
if (port === null) throw new Error('internal: grade-thread must be started as a worker thread');
port.on('message', (task: GradeTask) => port.postMessage(reply(task)));
port.postMessage({ kind: 'ready' } satisfies GradeReply);
