import {
  buildReport,
  type DataMessage,
  formatNames,
  PartSurvey,
  readQuestions,
  reportRecords,
} from '@residency/data';
import { openTokenizer, TextError } from '@residency/text';
import { choiceFlag, integerFlag, readFlags, requiredFlag, switchFlag, textFlag } from '../arguments.js';
import type { Command, CommandContext } from '../command.js';
import { CliError } from '../errors.js';
import { BadRows } from './bad-rows.js';
import { openDataFile, pathOf, withData } from './data-file.js';
import { readingFlags, readingOptions, shareFlag } from './read-flags.js';
import { formatDataReport } from './report-text.js';

const flags = {
  train: requiredFlag('the training file'),
  eval: textFlag('the evaluation file', ''),
  'eval-format': choiceFlag(formatNames, null),
  tokenizer: textFlag('the folder of a tokenizer', ''),
  'max-tokens': integerFlag(1, 10_000_000, 0),
  threshold: shareFlag(0.6),
  seed: integerFlag(0, 2 ** 32 - 1, 0),
  json: switchFlag,
  ...readingFlags,
};

/** Length of a chat as the model gets it, or of its texts alone where the folder has no chat template. */
async function tokenCounter(dir: string): Promise<(messages: readonly DataMessage[]) => number> {
  const tokenizer = await openTokenizer(dir);
  return (messages) => {
    const addGenerationPrompt = messages.at(-1)?.role !== 'assistant';
    try {
      return tokenizer.applyChatTemplate(messages, { addGenerationPrompt }).length;
    } catch (error) {
      if (!(error instanceof TextError) || error.code !== 'TEXT_NO_CHAT_TEMPLATE') throw error;
      return tokenizer.encode(messages.map(({ content }) => content).join('\n')).length;
    }
  };
}

async function run(args: readonly string[], context: CommandContext): Promise<number> {
  const given = readFlags(flags, args);
  const { terminal } = context;
  if (given['max-tokens'] > 0 && given.tokenizer === '') {
    throw new CliError('CLI_USAGE', '--max-tokens needs --tokenizer, a folder to count tokens with');
  }
  const bad = new BadRows();
  const report = await withData(async () => {
    const countTokens = given.tokenizer === '' ? null : await tokenCounter(pathOf(given.tokenizer, context));
    const maxTokens = given['max-tokens'] > 0 ? given['max-tokens'] : null;
    const survey = async (argument: string, format: typeof given.format): Promise<PartSurvey> => {
      const part = new PartSurvey(argument, { countTokens, maxTokens });
      const options = readingOptions({ ...given, format }, (error) => {
        bad.add(error);
        part.addBadRow();
      });
      for await (const { row, ordinal } of readQuestions(await openDataFile(argument, context), options)) {
        part.add(row, ordinal);
        if (ordinal % 500 === 0) terminal.status(`${argument}: ${ordinal} rows`);
      }
      return part;
    };
    const train = await survey(given.train, given.format);
    const evaluation =
      given.eval === '' ? null : await survey(given.eval, given['eval-format'] ?? given.format);
    return buildReport(train, evaluation, { threshold: given.threshold, seed: given.seed });
  });
  const lines = given.json
    ? reportRecords(report).map((record) => JSON.stringify(record))
    : [...bad.lines(), ...formatDataReport(report)];
  for (const line of lines) terminal.line(line);
  return 0;
}

/** `residency data report`: what a file holds, and what leaks between training and evaluation. */
export const reportRows: Command = {
  summary:
    'report --train FILE [--eval FILE] [--format F] [--eval-format F] [--tokenizer FOLDER] [--max-tokens N] ' +
    '[--threshold 0.6] [--seed N] [--json] [--skip-bad-rows]: lengths, answers, duplicates, leaks',
  run,
};
