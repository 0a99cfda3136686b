import { AlgorithmError } from '../errors.js';
import type { EstimatorRule } from './group-estimators.js';
import { average, sampleStd } from './moments.js';

/**
 * Only the best sample of a group, the first among equals, has an advantage: (best - second) / (std + epsilon)
 * (GiGPO specification 2). Two best samples that tie make the whole group 0; steps of one trajectory share their
 * score, so give this one reward a trajectory.
 * @throws AlgorithmError ALGORITHM_GROUP_SMALL for a group of one
 */
export const grpoPassk: EstimatorRule = (rewards, epsilon) => {
  if (rewards.length < 2) {
    throw new AlgorithmError('ALGORITHM_GROUP_SMALL', 'Pass@k requires at least 2 samples per group');
  }
  const mean = average(rewards);
  const std = sampleStd(rewards, mean);
  let best = Number.NEGATIVE_INFINITY;
  let second = Number.NEGATIVE_INFINITY;
  for (const reward of rewards) {
    if (reward > best) [best, second] = [reward, best];
    else if (reward > second) second = reward;
  }
  const place = rewards.indexOf(best);
  const gap = (best - second) / (std + epsilon);
  return { advantages: rewards.map((_, i) => (i === place && std >= epsilon ? gap : 0)), mean, std };
};
