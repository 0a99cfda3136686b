import type { Comparison, SideRun } from './compare.js';
import { median } from './statistics.js';

/** A benchmark's configuration and what came of it. */
export interface Measurement {
  readonly bench: string;
  readonly config: Readonly<Record<string, string | number | boolean>>;
  readonly comparison: Comparison;
  /** Tokens that a run is about, for tokens per second. */
  readonly tokens: number;
  /** Floating-point operations of our matrix products in one run. */
  readonly flops: number;
}

export interface SideFigures {
  /** Median over the rounds of the medians of each process; and the least of all runs. */
  readonly ms: number;
  readonly minMs: number;
  readonly tokensPerS: number;
  readonly peakRssMb: number;
}

/** Rates of our matrix products in billions of operations a second. */
export interface RateFigures {
  /** Operations of a run by the time of the whole run. */
  readonly achieved: number;
  /** Of plain large matrix products, the best of several in the same process. */
  readonly matmul?: number;
  /** Achieved by plain, the median over the rounds; and likewise of the quickest run of each round. */
  readonly share?: number;
  readonly bestShare?: number;
}

/** Rounded to so many significant digits: more are noise. */
export const rounded = (value: number, digits = 4): number => Number(value.toPrecision(digits));

export function sideFigures(runs: readonly SideRun[], tokens: number): SideFigures {
  const ms = median(runs.map((r) => r.ms));
  return {
    ms: rounded(ms),
    minMs: rounded(Math.min(...runs.map((r) => r.minMs))),
    tokensPerS: rounded((tokens / ms) * 1e3),
    peakRssMb: Math.round(median(runs.map((r) => r.peakRssMb))),
  };
}

export function rateFigures(runs: readonly SideRun[], flops: number): RateFigures {
  const rateAt = (ms: number): number => flops / ms / 1e6;
  const achieved = rounded(rateAt(median(runs.map((r) => r.ms))));
  const measured = runs.flatMap((r) => (r.rate === null ? [] : [{ ...r, rate: r.rate }]));
  if (measured.length === 0) return { achieved };
  return {
    achieved,
    matmul: rounded(median(measured.map((r) => r.rate))),
    share: rounded(median(measured.map((r) => rateAt(r.ms) / r.rate))),
    bestShare: rounded(median(measured.map((r) => rateAt(r.minMs) / r.rate))),
  };
}

/** Prints a line of JSON on stdout: everything that the benchmark found, and `more`, which only it has. */
export function report(measurement: Measurement, more: Readonly<Record<string, unknown>> = {}): void {
  const { bench, config, comparison, tokens, flops } = measurement;
  const { ours, other, ratio, leftOut } = comparison;
  const line = {
    bench,
    config: { ...config, rounds: ours.length },
    ours: sideFigures(ours, tokens),
    peer: other && {
      name: other.name,
      ...sideFigures(other.runs, tokens),
      versions: other.runs[0]?.versions,
    },
    ...(leftOut === null ? {} : { peerLeftOut: leftOut }),
    ratio: ratio && { time: rounded(ratio.time), memory: rounded(ratio.memory) },
    gflops: rateFigures(ours, flops),
    ...more,
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
