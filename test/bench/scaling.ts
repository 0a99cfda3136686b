/**
 * How the time of forward and backward of one group grows with the prompt, the completions, the group size
 * and the layers, each alone, and how the arithmetic does.
 * `npm run bench -- scaling [P|S|G|L ...] [--peers] [--runs n] ...` prints one line of JSON for every point
 * and one for every axis, with the fitted exponents; and a table on stderr.
 */
import { DEFAULT_MODEL, MODEL_SIZES } from './support/bench-model.js';
import {
  compareGradients,
  type LearnerCase,
  type LearnerResult,
  pytorchSide,
} from './support/learner-sides.js';
import { optionsOf, withGiven } from './support/options.js';
import { findPeer } from './support/peers.js';
import { report, rounded, sideFigures } from './support/report.js';
import { DEFAULT_GROUP, LORA } from './support/requests.js';
import { exponent } from './support/statistics.js';

const AXES = ['P', 'S', 'G', 'L'] as const;
type Axis = (typeof AXES)[number];
const options = optionsOf({ name: 'scaling', configs: AXES, sizes: [...MODEL_SIZES, 'P', 'S', 'G'] });
const { sizes: given, runs, threads } = options;
const peer = options.peers ? findPeer('learner_torch') : null;

const VALUES: { readonly [A in Axis]: readonly number[] } = {
  P: [128, 256, 512, 1024, 2048],
  S: [16, 32, 64, 128, 256],
  G: [2, 4, 8, 16, 32],
  L: [2, 4, 8, 12, 16],
};

const base: LearnerCase = {
  model: withGiven(DEFAULT_MODEL, given),
  group: withGiven(DEFAULT_GROUP, given),
  recomputes: false,
};

const at = (axis: Axis, value: number): LearnerCase =>
  axis === 'L'
    ? { ...base, model: { ...base.model, L: value } }
    : { ...base, group: { ...base.group, [axis]: value } };

interface ScalingPoint {
  readonly value: number;
  readonly result: LearnerResult;
}

async function measureAxis(axis: Axis): Promise<void> {
  const points: ScalingPoint[] = [];
  for (const value of VALUES[axis]) {
    const work = at(axis, value);
    const other = peer && pytorchSide(peer, 'shared', work, options);
    const result = await compareGradients(work, other, options);
    const config = { name: axis, ...work.model, ...work.group, rank: LORA.rank, threads, runs };
    report({ bench: 'scaling', config, ...result });
    points.push({ value, result });
  }
  const ours = points.map(({ value, result }) => ({ x: value, y: timeOf(result, 'ours') ?? Number.NaN }));
  const others = points.flatMap(({ value, result }) => {
    const y = timeOf(result, 'other');
    return y === null ? [] : [{ x: value, y }];
  });
  const exponents = {
    time: rounded(exponent(ours), 3),
    arithmetic: rounded(exponent(points.map(({ value, result }) => ({ x: value, y: result.flops }))), 3),
    peerTime: others.length === points.length ? rounded(exponent(others), 3) : null,
  };
  process.stderr.write(table(axis, points, exponents));
  const config = { name: `${axis}, fitted`, values: VALUES[axis], threads, runs };
  process.stdout.write(`${JSON.stringify({ bench: 'scaling', config, exponent: exponents })}\n`);
}

/** Milliseconds; null without another side. */
function timeOf({ comparison, tokens }: LearnerResult, side: 'ours' | 'other'): number | null {
  const sideRuns = side === 'ours' ? comparison.ours : comparison.other?.runs;
  return sideRuns ? sideFigures(sideRuns, tokens).ms : null;
}

function table(
  axis: Axis,
  points: readonly ScalingPoint[],
  exponents: Readonly<Record<string, number | null>>,
): string {
  const cell = (value: number | null, digits: number): string =>
    (value === null ? '-' : value.toFixed(digits)).padStart(12);
  const rows = points.map(({ value, result }) => {
    const ms = timeOf(result, 'ours');
    const rate = ms === null ? null : result.flops / ms / 1e6;
    return [
      cell(value, 0),
      cell(ms, 1),
      cell(result.flops / 1e9, 1),
      cell(rate, 1),
      cell(timeOf(result, 'other'), 1),
    ].join('');
  });
  const head = [axis, 'ms', 'GFLOP', 'GFLOP/s', 'peer ms'].map((title) => title.padStart(12)).join('');
  const fits = Object.entries(exponents).map(([name, value]) => `${name} ${value ?? '-'}`);
  return `\n${[head, ...rows].join('\n')}\nexponent: ${fits.join(', ')}\n\n`;
}

for (const axis of options.configs) await measureAxis(axis);
