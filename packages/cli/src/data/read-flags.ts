import { type DataError, type FormatName, formatNames, type ReadOptions } from '@residency/data';
import { choiceFlag, type Flag, type FlagValues, switchFlag } from '../arguments.js';

/** A number between 0 and 1. */
export const shareFlag = (fallback: number): Flag<number> => ({
  wanted: 'a number above 0 and below 1',
  fallback,
  parse: (text) => {
    const value = Number(text);
    return /^[0-9.]+$/.test(text) && value > 0 && value < 1 ? value : undefined;
  },
});

/** How rows are read, as flags of every command that reads them. */
export const readingFlags: {
  readonly format: Flag<FormatName>;
  readonly 'cop-base': Flag<'0' | '1' | null>;
  readonly 'keep-unlabelled': Flag<boolean>;
  readonly 'skip-bad-rows': Flag<boolean>;
} = {
  format: choiceFlag(formatNames, 'chat'),
  'cop-base': choiceFlag<'0' | '1', null>(['0', '1'], null),
  'keep-unlabelled': switchFlag,
  'skip-bad-rows': switchFlag,
};

/** For a command's summary. */
export const FORMATS: string = formatNames.join('|');

const COP_BASES = { 0: 0, 1: 1 } as const;

/** The options of those flags; a bad row is thrown unless the flags say to leave it out. */
export function readingOptions(
  flags: Omit<FlagValues<typeof readingFlags>, 'format'> & Pick<ReadOptions, 'format'>,
  onBadRow: (error: DataError) => void,
): ReadOptions {
  const base = flags['cop-base'];
  return {
    format: flags.format,
    copBase: base === null ? null : COP_BASES[base],
    keepsUnlabelled: flags['keep-unlabelled'],
    ...(flags['skip-bad-rows'] ? { onBadRow } : {}),
  };
}
