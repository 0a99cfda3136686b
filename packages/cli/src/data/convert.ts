import { promptNames, readIds, readQuestions, trainingRow } from '@residency/data';
import { choiceFlag, readFlags, requiredFlag, switchFlag, textFlag } from '../arguments.js';
import type { Command, CommandContext } from '../command.js';
import { BadRows } from './bad-rows.js';
import { openDataFile, pathOf, withData } from './data-file.js';
import { FORMATS, readingFlags, readingOptions } from './read-flags.js';
import { writeLines } from './write-lines.js';

const flags = {
  in: requiredFlag('the file to convert'),
  out: requiredFlag('the file to write'),
  prompt: choiceFlag(promptNames, null),
  only: textFlag('a JSON file of ids', ''),
  without: textFlag('a JSON file of ids', ''),
  'drop-images': switchFlag,
  ...readingFlags,
};

async function idsOf(argument: string, context: CommandContext): Promise<ReadonlySet<string> | null> {
  return argument === '' ? null : await readIds(await openDataFile(argument, context));
}

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = readFlags(flags, args);
  const bad = new BadRows();
  let written = 0;
  let left = 0;
  await withData(async () => {
    const source = await openDataFile(given.in, context);
    const only = await idsOf(given.only, context);
    const without = await idsOf(given.without, context);
    const options = { ...readingOptions(given, (error) => bad.add(error)), prompt: given.prompt };
    await writeLines([pathOf(given.out, context)], async ([write]) => {
      for await (const { row } of readQuestions(source, options)) {
        const isWanted = only?.has(row.id) !== false && without?.has(row.id) !== true;
        if (!isWanted || (given['drop-images'] && row.image !== undefined)) {
          left += 1;
          continue;
        }
        await write?.(JSON.stringify(trainingRow(row)));
        written += 1;
      }
    });
  });
  for (const line of bad.lines()) context.terminal.line(line);
  if (left > 0) context.terminal.line(`${left} rows left out as asked`);
  context.terminal.line(`${written} rows written to ${given.out}`);
  return 0;
}

/** `residency data convert`: a question set as rows that a training job takes. */
export const convert: Command = {
  summary:
    `convert --format ${FORMATS} --in FILE --out FILE [--prompt ${promptNames.join('|')}] [--only IDS] [--without IDS] ` +
    '[--drop-images] [--cop-base 0|1] [--keep-unlabelled] [--skip-bad-rows]: write a question set as training rows',
  run,
};
