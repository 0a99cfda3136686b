import type { Episode, Observation, Step } from '@residency/environments';
import type { Terminal } from '../terminal.js';

/** One line of `residency play --json`: what came of a command; the first, whose command is null, is the reset. */
export interface PlayedStep {
  readonly step: number;
  readonly command: string | null;
  readonly observation: string;
  readonly admissible: readonly string[];
  readonly reward: number;
  readonly done: boolean;
  readonly won: boolean;
}

/** Lines as they come, or all at once. */
export type Lines = AsyncIterable<string> | Iterable<string>;

/** Shows a step. */
export type Show = (step: PlayedStep) => void;

/** The reset of an episode as a step. */
export const beginning = ({ text, admissible }: Observation): PlayedStep => ({
  ...{ step: 0, command: null, observation: text, admissible },
  ...{ reward: 0, done: false, won: false },
});

/** What came of a command. */
export const stepOf = (step: number, command: string, next: Step): PlayedStep => ({
  ...{ step, command, observation: next.text, admissible: next.admissible },
  ...{ reward: next.reward, done: next.done, won: next.info.won },
});

/** A line of JSON for each step. */
export const showJson =
  (terminal: Terminal): Show =>
  (step) =>
    terminal.line(JSON.stringify(step));

/** What is told, and how it ended. */
export const showText =
  (terminal: Terminal): Show =>
  ({ command, observation, reward, done, won }) => {
    if (command !== null) terminal.line(`> ${command}`);
    terminal.line(observation);
    if (done) terminal.line(`${won ? 'The task is fulfilled' : 'The episode is over'}; reward ${reward}.`);
  };

/** What a player by hand may say beside commands. */
const LIST = '?';
const QUIT = 'quit';

/** Follows each line that is not empty, in order, and shows what comes of it. */
export async function playLines(episode: Episode, lines: Lines, show: Show): Promise<void> {
  show(beginning(episode.observe()));
  let step = 0;
  for await (const line of lines) {
    const command = line.trim();
    if (command === '') continue;
    step++;
    show(stepOf(step, command, episode.act(command)));
  }
}

/** Plays by hand until the episode or the input ends, or the player quits; `?` lists what can be done. */
export async function playByHand(episode: Episode, lines: Lines, terminal: Terminal): Promise<void> {
  const first = episode.observe();
  let { admissible } = first;
  terminal.line(first.text);
  terminal.line(`(${LIST} lists what can be done, ${QUIT} ends)`);
  for await (const line of lines) {
    const command = line.trim();
    if (command === QUIT) return;
    if (command === LIST) for (const option of admissible) terminal.line(`  ${option}`);
    if (command === LIST || command === '') continue;
    const step = episode.act(command);
    admissible = step.admissible;
    terminal.line(step.text);
    if (!step.done) continue;
    terminal.line(
      `${step.info.won ? 'The task is fulfilled' : 'The episode is over'}; reward ${step.reward}.`,
    );
    return;
  }
}
