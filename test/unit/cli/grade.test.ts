import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runCli } from '../../support/cli.js';
import { jsonRows, referenceFile } from '../../support/reference-data.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

type Row = Readonly<Record<string, unknown>>;

const linesOf = (rows: readonly Row[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
const rowsOf = (text: string): Row[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row); // what the command wrote

/** A row without what scoring adds to it. */
const inputOf = (row: Row, results: readonly string[]): Row =>
  Object.fromEntries(Object.entries(row).filter(([name]) => !results.includes(name)));

const full = {
  id: 'a',
  gold: 'C',
  completion: '<dx>urea 9.5 confusion</dx><conclusion>urea 9.5 confusion \\boxed{C}</conclusion>',
};

describe('residency grade', () => {
  const golden = [
    ['grpo-released', 'crpo.jsonl', ['normalized', 'expected', 'total', 'error']],
    ['crpo-paper', 'crpo-paper.jsonl', ['expected', 'total']],
  ] as const;

  for (const [profile, file, results] of golden) {
    const path = referenceFile('golden', file);
    test.runIf(path !== null)(`gives every published row of ${file} back from its inputs`, async () => {
      const rows = jsonRows<Row>(path);
      const { code, stdout, stderr } = await runCli(['grade', '--profile', profile], {
        stdin: linesOf(rows.map((row) => inputOf(row, results))),
      });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const given = rowsOf(stdout);
      expect(given).toHaveLength(rows.length);
      for (const [i, row] of rows.entries()) {
        expect(Object.keys(given[i] ?? {}).sort()).toEqual(Object.keys(row).sort());
        expect(given[i]).toMatchObject({ ...inputOf(row, ['expected', 'total']) });
        const number = (value: unknown) => (value === null ? null : expect.closeTo(Number(value), 9));
        expect(given[i]?.['total']).toEqual(number(row['total']));
        const expected = row['expected'];
        expect(given[i]?.['expected']).toEqual(
          expected === null
            ? null
            : Object.fromEntries(Object.entries(expected ?? {}).map(([n, v]) => [n, number(v)])),
        );
      }
    });
  }

  test('explains itself when asked', async () => {
    const { stdout } = await runCli(['grade', '--profile', 'crpo-paper', '--explain'], {
      stdin: linesOf([full]),
    });
    const [row] = rowsOf(stdout);
    expect(row).toMatchObject({ id: 'a', total: 12 });
    expect(row?.['components']).toContainEqual(
      expect.objectContaining({ name: 'accuracy', value: 1, weight: 10, reason: 'boxed C, the gold letter' }),
    );
  });

  test('scores by a grader of a job', async () => {
    await using folder = await temporaryFolder();
    const grader = { type: 'crpo', name: 'own', profile: 'crpo-paper', k: 1, safety: { cap: -1 } };
    await writeFile(join(folder.path, 'grader.json'), JSON.stringify(grader));
    const stdin = linesOf([full, { ...full, forbidden: ['confusion'] }]);
    const { code, stdout } = await runCli(['grade', '--grader', 'grader.json'], { stdin, cwd: folder.path });
    expect(code).toBe(0);
    expect(rowsOf(stdout).map((row) => row['total'])).toEqual([3, -1]);
  });

  test.each([
    ['{"gold":"C"}', 'line 2: completion is absent, want a text'],
    ['{"completion":"x"}', 'line 2: item.gold is absent, want one capital letter A-Z'],
    ['[1]', 'line 2: the row is [1], want an object'],
    ['{"completion":"x","gold":"C","crossref":1}', 'line 2: crossref is 1, want true, false or null'],
    ['{"completion":', 'line 2: not JSON'],
  ])('ends with exit code 1 and the line of bad input: %s', async (line, message) => {
    const { code, stdout, stderr } = await runCli(['grade', '--profile', 'crpo-paper'], {
      stdin: `${linesOf([full])}${line}\n${linesOf([full])}`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain(message);
    expect(rowsOf(stdout)).toHaveLength(1);
  });

  test.each([[[]], [['--profile', 'crpo']], [['--profile', 'crpo-paper', '--grader', 'x']]])(
    'is not understood: %j',
    async (args) => {
      expect(await runCli(['grade', ...args])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('crpo-paper'),
      });
    },
  );
});
