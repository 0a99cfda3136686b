import {
  createSplitter,
  NearSplit,
  type PartName,
  type Question,
  readQuestions,
  trainingRow,
} from '@residency/data';
import { integerFlag, readFlags, requiredFlag, switchFlag } from '../arguments.js';
import type { Command, CommandContext } from '../command.js';
import { CliError } from '../errors.js';
import { BadRows } from './bad-rows.js';
import { openDataFile, pathOf, withData } from './data-file.js';
import { readingFlags, readingOptions, shareFlag } from './read-flags.js';
import { writeLines } from './write-lines.js';

const flags = {
  in: requiredFlag('the file to split'),
  train: requiredFlag('the file to write training rows to'),
  eval: requiredFlag('the file to write evaluation rows to'),
  share: { ...shareFlag(0.1), isRequired: true as const },
  seed: integerFlag(0, 2 ** 31 - 1, 0),
  'keep-near': switchFlag,
  ...readingFlags,
};

type PartOf = (question: Pick<Question, 'question'>) => PartName;

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = readFlags(flags, args);
  const paths = [pathOf(given.train, context), pathOf(given.eval, context)];
  if (paths[0] === paths[1]) throw new CliError('CLI_USAGE', '--train and --eval name the same file');
  const bad = new BadRows();
  const counts = { train: 0, eval: 0 };
  await withData(async () => {
    const source = await openDataFile(given.in, context);
    const options = readingOptions(given, (error) => bad.add(error));
    const decide = async (): Promise<PartOf> => {
      if (!given['keep-near']) return createSplitter(given);
      const near = new NearSplit(given);
      // Bad rows are told of when the file is read for writing.
      const quiet = readingOptions(given, () => undefined);
      for await (const { row } of readQuestions(source, quiet)) near.add(row);
      return (question) => near.partOf(question);
    };
    const partOf = await decide();
    await writeLines(paths, async ([train, evaluation]) => {
      const writers = { train, eval: evaluation };
      for await (const { row, text } of readQuestions(source, options)) {
        const part = partOf(row);
        counts[part] += 1;
        // Rows that are training rows already are kept to the letter.
        const line =
          given.format === 'chat' && text !== null ? text.trim() : JSON.stringify(trainingRow(row));
        await writers[part]?.(line);
      }
    });
  });
  for (const line of bad.lines()) context.terminal.line(line);
  context.terminal.line(`${counts.train} rows written to ${given.train}, ${counts.eval} to ${given.eval}`);
  return 0;
}

/** `residency data split`: a training and an evaluation file that share no case. */
export const splitRows: Command = {
  summary:
    'split --in FILE --train FILE --eval FILE --share 0.1 [--seed N] [--keep-near] [--format F] [--skip-bad-rows]: ' +
    'divide rows by their cases, near-duplicates together with --keep-near',
  run,
};
