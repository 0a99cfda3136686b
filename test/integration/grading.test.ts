import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createGrader } from '@residency/rubric';
import { GraderPool } from '@residency/service-reward-rubric';
import { describe, expect, it } from 'vitest';
import { grader } from '../support/api.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const item = { question: 'Fever and cough?', choices: { A: 'pneumonia', B: 'asthma' }, gold: 'A' };
const completion = '<dx> (System 1: Intuitive) pneumonia </dx> <conclusion> \\boxed{A} </conclusion>';
const never = new AbortController().signal;

describe('the grading threads', () => {
  it('grade as the grader itself does', async () => {
    const pool = new GraderPool({ size: 2, timeoutMs: 5_000 });
    const task = { grader, item, completion };

    const grades = await Promise.all([1, 2, 3].map(() => pool.grade(task, never)));

    const { total, components } = createGrader(grader).grade({ item, completion });
    for (const grade of grades) expect(grade).toEqual({ graded: true, total, components });
    await pool.close();
  });

  it('say why a sample could not be graded, and go on', async () => {
    const pool = new GraderPool({ size: 1, timeoutMs: 5_000 });

    const failed = await pool.grade({ grader, item: { ...item, gold: '?' }, completion }, never);
    const graded = await pool.grade({ grader, item, completion }, never);

    expect(failed).toMatchObject({
      graded: false,
      reason: 'grader_failed',
      message: expect.stringContaining('item.gold'),
    });
    expect(graded.graded).toBe(true);
    await pool.close();
  });

  it('are ended at the deadline, even in an endless loop, without holding up this one; the next sample is graded', async () => {
    await using folder = await temporaryFolder();
    const script = join(folder.path, 'thread.mjs');
    await writeFile(
      script,
      `import { parentPort } from 'node:worker_threads';
       parentPort.on('message', ({ completion }) => {
         if (completion === 'loop') for (;;);
         if (completion === 'die') process.exit(3);
         if (completion === 'nan') parentPort.postMessage({ kind: 'grade', total: NaN, components: [] });
         else parentPort.postMessage({ kind: 'grade', total: 2, components: [] });
       });
       parentPort.postMessage({ kind: 'ready' });`,
    );
    const pool = new GraderPool({ size: 1, timeoutMs: 300, script: pathToFileURL(script) });
    const grade = (text: string) => pool.grade({ grader: {}, item: {}, completion: text }, never);
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 10);

    const outcomes = [
      await grade('loop'),
      await grade('fine'),
      await grade('die'),
      await grade('nan'),
      await grade('fine'),
    ];
    clearInterval(ticking);

    expect(outcomes).toEqual([
      { graded: false, reason: 'grader_deadline', message: 'not graded within 300 ms' },
      { graded: true, total: 2, components: [] },
      { graded: false, reason: 'grader_failed', message: 'the thread ended with 3' },
      { graded: false, reason: 'grader_failed', message: 'total: found NaN, wanted a number' },
      { graded: true, total: 2, components: [] },
    ]);
    expect(turns).toBeGreaterThan(10);
    await pool.close();
  });

  it('do not grade for a caller that has given up', async () => {
    const pool = new GraderPool({ size: 1, timeoutMs: 5_000 });

    await expect(pool.grade({ grader, item, completion }, AbortSignal.abort())).rejects.toThrow();
    await pool.close();
  });
});
