import type { Episode } from '@residency/environments';
import { type FlagTable, type FlagValues, readFlags, switchFlag, textFlag } from '../arguments.js';
import { CliError } from '../errors.js';

/** Arguments of `residency play` that every environment has. */
const common = {
  commands: textFlag('a file of commands, one a line', ''),
  json: switchFlag,
};

/** What an environment adds to the command line, and how its episodes begin. */
export interface PlayableOptions<T extends FlagTable, E extends Episode> {
  /** Its own arguments as the usage shows them. */
  readonly usage: string;
  readonly flags: T;
  /** @throws CliError CLI_PLAY where a file cannot be read or played */
  readonly open: (values: FlagValues<T>) => Promise<E>;
  /**
   * Commands of a player of its own, taken as the episode goes on; null where nobody but the user plays.
   * @throws CliError CLI_PLAY
   */
  readonly player?: (values: FlagValues<T>, episode: E) => Iterable<string> | null;
}

/** What a command line asks to be played. */
export interface PlayRequest {
  readonly episode: Episode;
  /** Path of a file of commands; null to read them from standard input. */
  readonly commands: string | null;
  /** Commands of a player of the environment's own; null for the user's. */
  readonly player: Iterable<string> | null;
  readonly json: boolean;
}

/** An environment as `residency play` knows it. */
export interface Playable {
  readonly usage: string;
  /** @throws CliError CLI_USAGE, CLI_PLAY */
  readonly request: (args: readonly string[]) => Promise<PlayRequest>;
}

/** Makes a row of the table of environments, which does not know each one's flags. */
export function playable<T extends FlagTable, E extends Episode>({
  usage,
  flags,
  open,
  player: playerOf = () => null,
}: PlayableOptions<T, E>): Playable {
  return {
    usage,
    async request(args) {
      const table: typeof common & T = { ...common, ...flags };
      // What the two tables together read as is what each reads as.
      const values = readFlags(table, args) as FlagValues<typeof common> & FlagValues<T>;
      const { commands, json } = values;
      const episode = await open(values);
      const player = playerOf(values, episode);
      if (player !== null && commands !== '')
        throw new CliError('CLI_USAGE', '--commands is given with a policy, want one of them');
      return { episode, commands: commands === '' ? null : commands, player, json };
    },
  };
}
