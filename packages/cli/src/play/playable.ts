import { type Episode, PROMPT_STYLES } from '@residency/environments';
import {
  choiceFlag,
  type FlagTable,
  type FlagValues,
  integerFlag,
  numberFlag,
  readFlags,
  switchFlag,
  textFlag,
} from '../arguments.js';
import { CliError } from '../errors.js';
import type { ModelPlayer } from './play-model.js';

/** Arguments of `residency play` that every environment has. */
const common = {
  commands: textFlag('a file of commands, one a line', ''),
  json: switchFlag,
  model: textFlag('a model folder', ''),
  'prompt-style': choiceFlag(PROMPT_STYLES, 'published'),
  history: integerFlag(0, 64, 2),
  temperature: numberFlag('0, or a number from 0.05 to 2', (t) => t === 0 || (t >= 0.05 && t <= 2), 0),
};

/** What only a model reads. */
const MODEL_ONLY = ['--prompt-style', '--history', '--temperature'] as const;

/** Ways to say who plays, of which there can be one. */
const refuseBoth = (one: string, other: string): never => {
  throw new CliError('CLI_USAGE', `${one} is given with ${other}, want one of them`);
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
  /** A policy that plays; null where none does. */
  readonly model: ModelPlayer | null;
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
      const unread = MODEL_ONLY.find((name) => args.includes(name));
      if (values.model === '' && unread !== undefined)
        throw new CliError('CLI_USAGE', `${unread} is given without --model, which reads it`);
      const { commands, json, model: modelDir, 'prompt-style': style, history, temperature } = values;
      const episode = await open(values);
      const player = playerOf(values, episode);
      if (player !== null && commands !== '') refuseBoth('--commands', 'a policy');
      if (modelDir !== '' && commands !== '') refuseBoth('--commands', '--model');
      if (modelDir !== '' && player !== null) refuseBoth('--policy', '--model');
      const model = modelDir === '' ? null : { modelDir, prompts: { style, history }, temperature };
      return { episode, commands: commands === '' ? null : commands, player, model, json };
    },
  };
}
