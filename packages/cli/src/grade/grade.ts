import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { createGrader } from '@residency/rubric';
import { choiceFlag, readFlags, switchFlag, textFlag } from '../arguments.js';
import type { Command, CommandContext } from '../command.js';
import { CliError, messageOf } from '../errors.js';
import { mapJsonLines } from '../json-lines.js';
import { graded, type Row, rowOf, textField } from './row-fields.js';
import { rowScorers } from './scored-row.js';

const flags = {
  profile: choiceFlag(['crpo-paper', 'grpo-released'], null),
  grader: textFlag('a file with a grader as a job has it, as JSON', ''),
  explain: switchFlag,
};

/** @throws CliError CLI_INPUT naming the file */
async function readGrader(path: string): Promise<(row: Row) => Row> {
  try {
    const grader = createGrader(JSON.parse(await readFile(path, 'utf8')));
    return (row) => {
      const completion = textField(row, 'completion');
      const { total, components } = graded(() => grader.grade({ item: row, completion }));
      return { ...row, total, components };
    };
  } catch (cause) {
    throw new CliError('CLI_INPUT', `${path}: ${messageOf(cause)}`, { cause });
  }
}

async function run(args: readonly string[], { env, signal }: CommandContext): Promise<number> {
  const { profile, grader, explain } = readFlags(flags, args);
  if ((profile === null) === (grader === ''))
    throw new CliError('CLI_USAGE', 'want either --profile crpo-paper or grpo-released, or --grader FILE');
  const here = env['INIT_CWD'] ?? process.cwd();
  const score =
    profile === null
      ? await readGrader(resolve(here, grader))
      : (row: Row): Row => {
          const { result, components } = rowScorers[profile](row);
          return { ...row, ...result, ...(explain ? { components } : {}) };
        };
  await mapJsonLines({
    input: process.stdin,
    output: process.stdout,
    map: (row) => score(rowOf(row)),
    signal,
  });
  return 0;
}

/** `residency grade`: completions scored offline, one JSON line in, one out. */
export const gradeCommand: Command = {
  summary:
    'grade --profile crpo-paper|grpo-released [--explain] < completions.jsonl: score JSON lines by a profile, ' +
    'or by a grader of a job with --grader FILE',
  run,
};
