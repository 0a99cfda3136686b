/**
 * Runs the demonstration for seeds 1, 2 and 3 and prints one JSON line each: what training moved on held-out cases.
 * `npm run bench -- demo-seeds [seed ...]`
 */
import { runDemo } from './support/demo-run.js';

const seeds = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 2, 3];
const points = (share: number): number => Math.round(share * 1_000) / 10;
const round = (value: number): number => Math.round(value * 1_000) / 1_000;

for (const seed of seeds) {
  const { before, after, seconds, adapterSha256, heldOutCases } = await runDemo(['--seed', `${seed}`]);
  const line = {
    bench: 'demo-seeds',
    seed,
    seconds,
    heldOutCases,
    accuracy: {
      before: points(before.accuracy),
      after: points(after.accuracy),
      rise: points(after.accuracy - before.accuracy),
    },
    greedyAccuracy: { before: points(before.greedyAccuracy), after: points(after.greedyAccuracy) },
    meanReward: {
      before: round(before.meanReward),
      after: round(after.meanReward),
      rise: round(after.meanReward - before.meanReward),
    },
    adapterSha256,
  };
  console.log(JSON.stringify(line));
}
