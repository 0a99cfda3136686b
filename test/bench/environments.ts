/**
 * Steps of the household environment for each second of one core's time, with the list of admissible actions at each: random
 * admissible actions over the recorded games, where they lie beside the checkout, and over tasks of our own.
 * `npm run bench -- environments [--games n] [--steps n] [--runs n]` prints one line of JSON.
 */
import { uniformBelow } from '@residency/algorithms';
import { type Game, generateGame, LAST_LEVEL, openGame, readGameText } from '@residency/environments';
import { gameText, householdTraces } from '../support/household-games.js';
import { optionsOf, withGiven } from './support/options.js';
import { rounded } from './support/report.js';
import { median } from './support/statistics.js';

const { sizes, runs, warmups } = optionsOf({ name: 'environments', configs: [], sizes: ['games', 'steps'] });
const { games: count, steps: wanted } = withGiven({ games: 40, steps: 50_000 }, sizes);

/** As many as are drawn once, so that drawing is not what is measured. */
const DRAWS = 4_096;
const draws = Array.from({ length: DRAWS }, (_, index) => uniformBelow(0x1_0000, [1, index]));
const MAX_STEPS = 50;

interface Run {
  /** Time of the processor: what others do on the machine does not count, what collects our garbage does. */
  readonly cpuMs: number;
  readonly steps: number;
  readonly offered: number;
  readonly won: number;
}

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e3;
}

/** Plays episodes of the games in turn until there were enough steps. */
function play(games: readonly Game[]): Run {
  let [steps, offered, won] = [0, 0, 0];
  const start = process.cpuUsage();
  for (let index = 0; steps < wanted; index++) {
    const game = games[index % games.length];
    if (game === undefined) break;
    const episode = openGame({ game, maxSteps: MAX_STEPS });
    let { admissible } = episode.observe();
    for (let isDone = false; !isDone; ) {
      const draw = draws[steps % DRAWS] ?? 0;
      const step = episode.act(admissible[draw % admissible.length] ?? '');
      steps++;
      offered += step.admissible.length;
      isDone = step.done;
      admissible = step.admissible;
      if (step.info.won) won++;
    }
  }
  return { cpuMs: cpuMsSince(start), steps, offered, won };
}

function measure(make: () => readonly Game[]): Readonly<Record<string, number>> | null {
  const start = process.cpuUsage();
  const games = make();
  const readMs = cpuMsSince(start);
  if (games.length === 0) return null;
  for (let run = 0; run < warmups; run++) play(games);
  const timed = Array.from({ length: runs }, () => play(games));
  const rates = timed.map(({ cpuMs, steps }) => (steps / cpuMs) * 1e3);
  const total = (of: (run: Run) => number): number => timed.reduce((sum, run) => sum + of(run), 0);
  return {
    games: games.length,
    readCpuMsPerGame: rounded(readMs / games.length),
    stepsPerCoreS: Math.round(median(rates)),
    minStepsPerCoreS: Math.round(Math.min(...rates)),
    admissiblePerStep: rounded(total(({ offered }) => offered) / total(({ steps }) => steps)),
    won: total(({ won }) => won),
  };
}

const levels = Array.from({ length: LAST_LEVEL }, (_, index) => index + 1);
const generated = levels.map((level) => {
  const games = () => Array.from({ length: count }, (_, seed) => generateGame(level, seed));
  return [`level${level}`, measure(games)] as const;
});
const line = {
  bench: 'environments',
  config: { environment: 'household', steps: wanted, maxSteps: MAX_STEPS, runs, cores: 1 },
  recorded: measure(() =>
    householdTraces()
      .slice(0, count)
      .map((trace) => readGameText(gameText(trace))),
  ),
  generated: Object.fromEntries(generated),
};
process.stdout.write(`${JSON.stringify(line)}\n`);
