/**
 * Times what GiGPO and HGPO add to a training step: returns, episode advantages, grouping by state and step
 * advantages of a batch of 16 groups x 8 trajectories x 50 steps, the sizes of the published ALFWorld runs, and how
 * that grows with the batch. The states are made-up room texts of some 300 characters, a fifth of them new.
 * `npm run bench -- advantages [--groups n] [--trajectories n] [--steps n] [--runs n]` prints one line of JSON.
 */
import { type EpisodeStep, gigpo, hgpo, scoreSteps, uniform, uniformBelow } from '@residency/algorithms';
import { optionsOf, withGiven } from './support/options.js';
import { rounded } from './support/report.js';
import { exponent, median } from './support/statistics.js';

const options = optionsOf({
  name: 'advantages',
  configs: ['alfworld'],
  sizes: ['groups', 'trajectories', 'steps'],
});
const size = withGiven({ groups: 16, trajectories: 8, steps: 50 }, options.sizes);
const SEED = 7;
const STATES = 40;

function stateText(group: number, state: string): string {
  const things = Array.from({ length: 14 }, (_, i) => {
    const number = uniformBelow(40, [SEED, group, i, state.length]);
    return `a ${['cabinet', 'drawer', 'shelf', 'countertop'][number % 4]} ${number}`;
  });
  return `You are in room ${state} of house ${group}. Looking around you, you see ${things.join(', ')}.`;
}

/** Steps of a batch, group by group; each text is a string of its own, as if it came from an environment. */
function batchOf(groups: number): string {
  const steps: EpisodeStep[] = [];
  for (let g = 0; g < groups; g++) {
    for (let t = 0; t < size.trajectories; t++) {
      for (let s = 0; s < size.steps; s++) {
        const isNew = uniform([SEED, g, t, s, 0]) < 0.2;
        const state = isNew ? `${t} ${s}` : String(uniformBelow(STATES, [SEED, g, t, s, 1]));
        const isWon = s === size.steps - 1 && uniform([SEED, g, t]) < 0.5;
        steps.push({
          group: `task ${g}`,
          trajectory: `${g} ${t}`,
          anchor: stateText(g, state),
          reward: isWon ? 10 : 0,
          isValid: uniform([SEED, g, t, s, 2]) > 0.05,
        });
      }
    }
  }
  return JSON.stringify(steps);
}

const WORK = {
  gigpo: (steps: readonly EpisodeStep[]) => gigpo(scoreSteps(steps, scoring), { mode: 'mean_std_norm' }),
  hgpo: (steps: readonly EpisodeStep[]) => hgpo(scoreSteps(steps, scoring), { mode: 'mean_std_norm' }),
  gigpoSimilar: (steps: readonly EpisodeStep[]) => gigpo(scoreSteps(steps, scoring), { similarity: 0.95 }),
} as const;
const scoring = { gamma: 0.95, invalidPenalty: 0.1 };

/** A run takes milliseconds: so many are made for each that is asked for. */
const RUNS_EACH = 5;

interface Times {
  readonly median: number;
  readonly min: number;
}

/** Milliseconds of several runs, each on texts that nobody has hashed before. */
function timesOf(name: keyof typeof WORK, batch: string, runs = options.runs * RUNS_EACH): Times {
  const warmups = options.warmups * RUNS_EACH;
  const times = Array.from({ length: warmups + runs }, () => {
    const steps: EpisodeStep[] = JSON.parse(batch);
    const start = performance.now();
    WORK[name](steps);
    return performance.now() - start;
  }).slice(warmups);
  return { median: rounded(median(times)), min: rounded(Math.min(...times)) };
}

const batch = batchOf(size.groups);
const ms = { gigpo: timesOf('gigpo', batch), hgpo: timesOf('hgpo', batch) };
const points = [1, 2, 4, 8].map((times) => ({
  x: times,
  y: timesOf('gigpo', batchOf(size.groups * times)).min,
}));
const line = {
  bench: 'advantages',
  config: { ...size, samples: size.groups * size.trajectories * size.steps, runs: options.runs * RUNS_EACH },
  ms: { ...ms, gigpoSimilar: timesOf('gigpoSimilar', batch, RUNS_EACH) },
  // A training step that takes longer than this spends less than 1 % on advantages.
  onePercentOfMs: rounded(ms.gigpo.median * 100),
  // Of the least time in samples: 1 is linear.
  exponent: rounded(exponent(points), 3),
};
process.stdout.write(`${JSON.stringify(line)}\n`);
