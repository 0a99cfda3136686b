import { measure } from './measure.js';
import { type Peer, runPeer } from './peers.js';
import { type CostRatio, median, medianRatio, type RunCost } from './statistics.js';
import type { Task, Timed } from './workload.js';

/** One process of a side. */
export interface SideRun extends RunCost {
  readonly minMs: number;
  /**
   * Billions of operations a second of plain matrix products in that process; null where they were not
   * measured.
   */
  readonly rate: number | null;
  /** Of what the side is built from, where it says so. */
  readonly versions: Readonly<Record<string, string>>;
}

/** One of the two that are compared. */
export interface Side {
  readonly name: string;
  /** Does the work in a fresh process. */
  run(): Promise<SideRun>;
}

/** All processes of both sides, in the order that they ran. */
export interface Comparison {
  readonly ours: readonly SideRun[];
  /** Null without another side, as is the ratio; and why there is none where one was asked for. */
  readonly other: { readonly name: string; readonly runs: readonly SideRun[] } | null;
  readonly ratio: CostRatio | null;
  readonly leftOut: string | null;
}

/** A side that was asked for and cannot run. */
export interface LeftOut {
  readonly leftOut: string;
}

/** Our side: the task in a process of its own. */
export const ourSide = (name: string, task: Extract<Task, { task: 'time' }>): Side => ({
  name,
  run: async () => {
    const { times, peakRssMb, rate }: Timed = await measure(task);
    return { ms: median(times), minMs: Math.min(...times), peakRssMb, rate, versions: {} };
  },
});

/** A Python peer's side. */
export const peerSide = (name: string, peer: Peer, args: readonly string[]): Side | LeftOut =>
  'leftOut' in peer
    ? peer
    : { name, run: async () => ({ ...(await runPeer(peer.script, args)), rate: null }) };

/**
 * Runs both sides in turn, A B A B: what slows the machine for a while slows both runs of a round. Without
 * another side ours runs once.
 */
export async function compare(ours: Side, other: Side | LeftOut | null, rounds: number): Promise<Comparison> {
  if (other === null || 'leftOut' in other) {
    const leftOut = other?.leftOut ?? null;
    return { ours: [await said(ours, 1, 1)], other: null, ratio: null, leftOut };
  }
  const [own, others]: [SideRun[], SideRun[]] = [[], []];
  for (let round = 1; round <= rounds; round++) {
    own.push(await said(ours, round, rounds));
    others.push(await said(other, round, rounds));
  }
  return {
    ours: own,
    other: { name: other.name, runs: others },
    ratio: medianRatio(own, others),
    leftOut: null,
  };
}

async function said(side: Side, round: number, rounds: number): Promise<SideRun> {
  const run = await side.run();
  const text = `${side.name}: ${run.ms.toFixed(1)} ms, ${run.peakRssMb.toFixed(0)} MB`;
  process.stderr.write(`round ${round} of ${rounds}, ${text}\n`);
  return run;
}
