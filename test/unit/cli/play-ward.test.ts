import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawWardPatient, wardOf } from '@residency/environments';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEDIQ_ROW, OSCE_ROW } from '../../support/case-files.js';
import { runCommand } from '../../support/run-command.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/temporary-folder.js';

let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(async () => {
  await folder[Symbol.asyncDispose]();
});

/** Runs `residency play ward`: what it printed. */
async function played(...args: readonly string[]): Promise<string[]> {
  const { code, lines } = await runCommand('play', ['ward', ...args]);
  expect(code).toBe(0);
  return lines;
}

const fileOf = async (name: string, text: string): Promise<string> => {
  const path = join(folder.path, name);
  await writeFile(path, text);
  return path;
};

describe('residency play ward', () => {
  test('plays the patient of a level and seed by a file of commands', async () => {
    const file = await fileOf('commands', 'order ecg\ndiagnose pneumonia as urgent\n');
    const lines = await played('--level', 'bay', '--seed', '5', '--commands', file, '--json');
    const steps = lines.map((line) => JSON.parse(line));

    expect(steps.map(({ step, command, done }) => [step, command, done])).toEqual([
      [0, null, false],
      [1, 'order ecg', false],
      [2, 'diagnose pneumonia as urgent', true],
    ]);
    const { name } = wardOf('bay').diseases[drawWardPatient(wardOf('bay'), 5).disease] ?? { name: '' };
    expect(steps[2].observation).toContain(`the patient has ${name}`);
  });

  test.each([
    ['optimal', 'bay'],
    ['optimal', 'ward'],
    ['greedy', 'hospital'],
    ['random', 'hospital'],
  ])('plays by itself by the %s policy at %s, the same way each time', async (policy, level) => {
    const args = ['--level', level, '--seed', '11', '--policy', policy];
    const steps = (await played(...args, '--json')).map((line) => JSON.parse(line));

    expect(steps.length).toBeGreaterThan(1);
    expect(steps.map(({ done }) => done)).toEqual(steps.map((_, index) => index === steps.length - 1));
    for (const [index, { command }] of steps.entries())
      if (index > 0) expect(steps[index - 1].admissible).toContain(command);
    expect(await played(...args)).toContain(`> ${steps[1].command}`);
    expect((await played(...args, '--json')).map((line) => JSON.parse(line))).toEqual(steps);
  });

  test('plays optimally within the limit of steps that is given', async () => {
    const played1 = await played('--level', 'bay', '--policy', 'optimal', '--max-steps', '1', '--json');
    const played2 = await played('--level', 'bay', '--policy', 'optimal', '--max-steps', '2', '--json');

    expect(played1.map((line) => JSON.parse(line).command)).toEqual([
      null,
      expect.stringMatching(/^diagnose/),
    ]);
    expect(JSON.parse(played2.at(-1) ?? '').command).toMatch(/^diagnose/);
  });

  test('plays a row of a file of cases, with drawn options where they are wanted', async () => {
    const rows = [MEDIQ_ROW, OSCE_ROW, { OSCE_Examination: { ...OSCE_ROW.OSCE_Examination } }];
    const cases = await fileOf('cases.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
    const file = await fileOf('asked', 'examine wrist\ndiagnose colles fracture\n');
    const lines = await played('--cases', cases, '--row', '1', '--commands', file);
    const options = await played('--cases', cases, '--row', '1', '--options', '3', '--commands', file);

    expect(lines).toContain('wrist: look: Bent.');
    expect(lines.at(-1)).toBe('The episode is over; reward 0.5.');
    expect(options[0]).toMatch(/[AB]: Broken wrist/);
    expect(options[0]).toMatch(/[AB]: Colles' fracture \(CF\)/);
  });

  test('says what is wrong, and with which file, line and field', async () => {
    const cases = await fileOf('cases.jsonl', JSON.stringify(MEDIQ_ROW));
    const bad = await fileOf('bad.jsonl', `${JSON.stringify(MEDIQ_ROW)}\n{"facts": 3}\n`);
    const nowhere = join(folder.path, 'nowhere');
    const refused = [
      [['--cases', bad], 'CLI_PLAY', 'bad.jsonl:2: facts is 3, want a list'],
      [['--cases', nowhere], 'CLI_PLAY', `${nowhere}: cannot be read: ENOENT`],
      [['--cases', cases, '--row', '1'], 'CLI_PLAY', `--row is 1, want one from 0 to 0 of ${cases}`],
      [['--cases', cases, '--policy', 'greedy'], 'CLI_USAGE', '--policy is given with --cases'],
      [['--policy', 'greedy', '--commands', cases], 'CLI_USAGE', '--commands is given with a policy'],
      [['--level', 'hospital', '--policy', 'optimal'], 'CLI_PLAY', 'has 31 findings, want at most 13'],
      [['--level', 'clinic'], 'CLI_USAGE', '--level is "clinic", want bay or ward or hospital'],
      [['--policy', 'best'], 'CLI_USAGE', '--policy is "best", want greedy or optimal or random'],
    ] as const;

    for (const [args, code, message] of refused)
      await expect(played(...args)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
  });
});
