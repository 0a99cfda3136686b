/**
 * Steps a second of the ward environment on one core, with the list of admissible actions at each: random admissible
 * actions at each level and over the published cases, where they lie beside the checkout; and, where a level can be
 * solved exactly, how long that takes and what the policies are worth.
 * `npm run bench -- ward [--steps n] [--runs n]` prints one line of JSON.
 */
import { performance } from 'node:perf_hooks';
import { uniformBelow } from '@residency/algorithms';
import {
  buildWard,
  type Episode,
  greedyPolicy,
  informedBound,
  MAX_EXACT_FINDINGS,
  openVignette,
  openWard,
  policyValue,
  randomPolicy,
  randomValue,
  simulatePolicy,
  solveWard,
  WARD_LEVELS,
  type Ward,
  wardOf,
} from '@residency/environments';
import { caseFile } from '../support/case-files.js';
import { optionsOf, withGiven } from './support/options.js';
import { rounded } from './support/report.js';
import { median } from './support/statistics.js';

const { sizes, runs, warmups } = optionsOf({ name: 'ward', configs: [], sizes: ['steps', 'episodes'] });
const { steps: wanted, episodes } = withGiven({ steps: 50_000, episodes: 4_000 }, sizes);

/** As many as are drawn once, so that drawing is not what is measured. */
const DRAWS = 4_096;
const draws = Array.from({ length: DRAWS }, (_, index) => uniformBelow(0x1_0000, [1, index]));

/** Plays random admissible actions until there were enough steps. @returns steps a second */
function play(open: (index: number) => Episode): number {
  let steps = 0;
  const start = performance.now();
  for (let index = 0; steps < wanted; index++) {
    const episode = open(index);
    let { admissible } = episode.observe();
    for (let isDone = false; !isDone; ) {
      const draw = draws[steps % DRAWS] ?? 0;
      const step = episode.act(admissible[draw % admissible.length] ?? '');
      steps++;
      isDone = step.done;
      admissible = step.admissible;
    }
  }
  return (steps / (performance.now() - start)) * 1e3;
}

function measure(open: (index: number) => Episode): Readonly<Record<string, number>> {
  for (let run = 0; run < warmups; run++) play(open);
  const rates = Array.from({ length: runs }, () => play(open));
  return { stepsPerS: Math.round(median(rates)), minStepsPerS: Math.round(Math.min(...rates)) };
}

/** Values of the policies, exact or simulated; the former once, since a solution is kept. */
function valuesOf(ward: Ward): Readonly<Record<string, number>> {
  const simulated = (mean: number): number => Math.round(mean * 1e4) / 1e4;
  if (ward.findings.length > MAX_EXACT_FINDINGS)
    return {
      informedBound: simulated(informedBound(ward, episodes).mean),
      greedySimulated: simulated(simulatePolicy(ward, greedyPolicy(ward), episodes).mean),
      randomSimulated: simulated(simulatePolicy(ward, randomPolicy(ward), episodes).mean),
    };
  const start = performance.now();
  const { value } = solveWard(ward);
  const solveMs = rounded(performance.now() - start);
  return {
    ...{ states: 3 ** ward.findings.length, solveMs, optimal: value },
    ...{ greedy: policyValue(ward, greedyPolicy(ward)), random: randomValue(ward) },
  };
}

/** A ward of as many diseases and findings as are solved at most. */
function largestExact(): Ward {
  const { findings, diseases } = wardOf('hospital');
  const kept = findings.slice(0, MAX_EXACT_FINDINGS);
  return buildWard({
    ...{ name: 'largest', maxSteps: MAX_EXACT_FINDINGS + 4, findings: kept },
    diseases: diseases.map(({ name, prior }) => {
      return { name, weight: prior, urgency: 'urgent', contraindicated: null, redFlags: [] };
    }),
  });
}

const levels = WARD_LEVELS.map((name) => {
  const ward = wardOf(name);
  return [name, { ...measure((seed) => openWard({ ward, seed })), ...valuesOf(ward) }] as const;
});
const files = ['agentclinic_medqa.jsonl', 'mediq_dev.jsonl', 'mediq_craft_md.jsonl'].flatMap((name) => {
  const start = performance.now();
  const file = caseFile(name);
  if (file === null) return [];
  const readMs = rounded(performance.now() - start);
  const open = (index: number): Episode => {
    const vignette = file.cases[index % file.cases.length];
    if (vignette === undefined) throw new Error(`${name}: no cases`);
    return openVignette({ vignette });
  };
  return [[name, { cases: file.cases.length, readMs, ...measure(open) }] as const];
});
const line = {
  bench: 'ward',
  config: { steps: wanted, episodes, runs, cores: 1 },
  ...{ levels: Object.fromEntries(levels), largestExact: valuesOf(largestExact()) },
  files: Object.fromEntries(files),
};
process.stdout.write(`${JSON.stringify(line)}\n`);
