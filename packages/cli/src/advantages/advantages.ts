import { type Flag, readFlags, switchFlag } from '../arguments.js';
import type { Command, CommandContext } from '../command.js';
import { CliError } from '../errors.js';
import { mapJsonLines } from '../json-lines.js';
import { estimateRow, ROW_ESTIMATORS, type RowEstimator, rowEstimator } from './row-estimators.js';

const estimatorFlag: Flag<RowEstimator> = {
  wanted: `one of: ${ROW_ESTIMATORS.join(', ')}`,
  fallback: {},
  isRequired: true,
  parse: rowEstimator,
};
const flags = { estimator: estimatorFlag, corrected: switchFlag };

async function run(args: readonly string[], { signal }: CommandContext): Promise<number> {
  const { estimator, corrected: isCorrected } = readFlags(flags, args);
  const { stdin: input, stdout: output } = process;
  if (input.isTTY) throw new CliError('CLI_USAGE', 'advantages reads JSON lines from standard input: < FILE');
  const map = (row: unknown): unknown => estimateRow(row, estimator, { isCorrected });
  await mapJsonLines({ input, output, map, signal });
  return 0;
}

/** `residency advantages`: JSON lines of steps or tokens, with their advantages. */
export const advantages: Command = {
  summary:
    'advantages --estimator NAME [--corrected] < steps.jsonl: ' +
    'add to each line what an advantage estimator gives, gigpo or grpo for instance',
  run,
};
