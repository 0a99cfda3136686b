import type { Episode } from '@residency/environments';
import { type FlagTable, type FlagValues, readFlags, switchFlag, textFlag } from '../arguments.js';

/** Arguments of `residency play` that every environment has. */
const common = {
  commands: textFlag('a file of commands, one a line', ''),
  json: switchFlag,
};

/** What an environment adds to the command line, and how its episodes begin. */
export interface PlayableOptions<T extends FlagTable> {
  /** Its own arguments as the usage shows them. */
  readonly usage: string;
  readonly flags: T;
  /** @throws CliError CLI_PLAY where a file cannot be read or played */
  readonly open: (values: FlagValues<T>) => Promise<Episode>;
}

/** What a command line asks to be played. */
export interface PlayRequest {
  readonly episode: Episode;
  /** Path of a file of commands; null to read them from standard input. */
  readonly commands: string | null;
  readonly json: boolean;
}

/** An environment as `residency play` knows it. */
export interface Playable {
  readonly usage: string;
  /** @throws CliError CLI_USAGE, CLI_PLAY */
  readonly request: (args: readonly string[]) => Promise<PlayRequest>;
}

/** Makes a row of the table of environments, which does not know each one's flags. */
export function playable<T extends FlagTable>({ usage, flags, open }: PlayableOptions<T>): Playable {
  return {
    usage,
    async request(args) {
      const table: typeof common & T = { ...common, ...flags };
      // What the two tables together read as is what each reads as.
      const values = readFlags(table, args) as FlagValues<typeof common> & FlagValues<T>;
      const { commands, json } = values;
      return { episode: await open(values), commands: commands === '' ? null : commands, json };
    },
  };
}
