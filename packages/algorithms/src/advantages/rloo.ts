import type { EstimatorRule } from './group-estimators.js';
import { average, sampleStd } from './moments.js';

/**
 * Reward minus the mean of the others, (r - mean) n / (n - 1) (RLOO, arXiv 2402.14740; GiGPO specification 2). A
 * group of one keeps its reward, and one whose std is below epsilon gets exact zeros.
 */
export const rloo: EstimatorRule = (rewards, epsilon) => {
  const n = rewards.length;
  if (n === 1) return { advantages: [...rewards], mean: 0, std: 1 };
  const mean = average(rewards);
  const std = sampleStd(rewards, mean);
  const scale = n / (n - 1);
  return { advantages: rewards.map((reward) => (std < epsilon ? 0 : (reward - mean) * scale)), mean, std };
};
