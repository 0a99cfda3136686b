import { convertTraces, promptNames, trainingRow } from '@residency/data';
import { choiceFlag, readFlags, requiredFlag, switchFlag } from '../arguments.js';
import type { Command, CommandContext } from '../command.js';
import { BadRows } from './bad-rows.js';
import { openDataFile, pathOf, withData } from './data-file.js';
import { writeLines } from './write-lines.js';

const flags = {
  in: requiredFlag('a file of think/answer traces'),
  out: requiredFlag('the file to write'),
  prompt: choiceFlag(promptNames, 'crpo'),
  'right-only': switchFlag,
  'skip-bad-rows': switchFlag,
};

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = readFlags(flags, args);
  const bad = new BadRows();
  const counts = { written: 0, keptChats: 0, unboxed: 0, wrong: 0 };
  await withData(async () => {
    const source = await openDataFile(given.in, context);
    const options = {
      prompt: given.prompt,
      isRightOnly: given['right-only'],
      ...(given['skip-bad-rows'] ? { onBadRow: bad.add.bind(bad) } : {}),
    };
    await writeLines([pathOf(given.out, context)], async ([write]) => {
      for await (const { row, isAskedAnew, unboxed, isRight } of convertTraces(source, options)) {
        await write?.(JSON.stringify(trainingRow(row)));
        counts.written += 1;
        if (!isAskedAnew) counts.keptChats += 1;
        if (unboxed > 0) counts.unboxed += 1;
        if (isRight === false) counts.wrong += 1;
      }
    });
  });
  const { terminal } = context;
  for (const line of bad.lines()) terminal.line(line);
  terminal.line(`${counts.written} traces written to ${given.out}`);
  if (counts.keptChats > 0)
    terminal.line(`${counts.keptChats} keep their own prompt: no question beside the chat`);
  if (counts.unboxed > 0) terminal.line(`${counts.unboxed} had boxes in their reasoning, which were opened`);
  if (counts.wrong > 0) terminal.line(`${counts.wrong} end with a wrong letter; --right-only refuses them`);
  return 0;
}

/** `residency data traces`: think/answer traces as CRPO traces. */
export const traces: Command = {
  summary:
    'traces --in FILE --out FILE [--prompt crpo|think|plain] [--right-only] [--skip-bad-rows]: ' +
    'rewrite think/answer traces as dx/conclusion',
  run,
};
