import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Command, CommandContext } from '../command.js';
import { CliError, messageOf } from '../errors.js';
import { playByHand, playLines, showJson, showText } from './play-lines.js';
import { playByModel } from './play-model.js';
import { playables } from './playables.js';

const COMMON =
  '[--commands FILE | --model FOLDER [--prompt-style S] [--history N] [--temperature T]] [--json]';

const usage = (): string =>
  `want one of: ${[...playables].map(([name, row]) => `play ${name} ${row.usage}`).join('; ')}; each with ${COMMON}`;

async function linesOf(path: string): Promise<string[]> {
  try {
    return (await readFile(path, 'utf8')).split('\n');
  } catch (cause) {
    throw new CliError('CLI_PLAY', `${path}: cannot be read: ${messageOf(cause)}`, { cause });
  }
}

async function run(args: readonly string[], { terminal, signal }: CommandContext): Promise<number> {
  const [name = '', ...rest] = args;
  const row = playables.get(name);
  if (row === undefined)
    throw new CliError(
      'CLI_USAGE',
      `${JSON.stringify(name)} is no environment that can be played; ${usage()}`,
    );
  const { episode, commands, player, model, json } = await row.request(rest);
  if (model !== null) {
    const cut = await playByModel(episode, name, model, {
      show: (json ? showJson : showText)(terminal),
      signal,
    });
    if (cut !== null && !json) terminal.line(`The episode is not over: ${cut}.`);
    return 0;
  }
  const typed = () => createInterface({ input: process.stdin, signal });
  const lines = player ?? (commands === null ? typed() : await linesOf(commands));
  if (json) await playLines(episode, lines, showJson(terminal));
  else if (player === null && commands === null) await playByHand(episode, lines, terminal);
  else await playLines(episode, lines, showText(terminal));
  return 0;
}

/** `residency play`: an episode of an environment, by hand, from a file of commands or by a policy. */
export const play: Command = {
  summary:
    `play ${[...playables.keys()].join('|')} [--commands FILE] [--model FOLDER] [--json] ...: ` +
    'play an episode of an environment, by hand, from a file of commands or by a policy',
  run,
};
