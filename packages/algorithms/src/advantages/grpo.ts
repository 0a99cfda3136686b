import type { EstimatorRule } from './group-estimators.js';
import { average, sampleStd } from './moments.js';

/**
 * Group-relative advantage (r - mean) / (std + epsilon), CRPO specification 2.5. A group of one has mean 0 and
 * std 1. A group whose std is below epsilon gets exact zeros: rounding in the mean would otherwise be standardised
 * into a signal (CRPO specification 2.6, fact c).
 */
export const grpo: EstimatorRule = (rewards, epsilon) => {
  const isSingle = rewards.length === 1;
  const mean = isSingle ? 0 : average(rewards);
  const std = isSingle ? 1 : sampleStd(rewards, mean);
  const advantages = rewards.map((reward) => (std < epsilon ? 0 : (reward - mean) / (std + epsilon)));
  return { advantages, mean, std };
};

/**
 * r - mean, without the division (Dr. GRPO, arXiv 2503.20783; GiGPO specification 2): (n - 1) / n times `rloo`. A
 * group of one has mean 0, and one whose std is below epsilon gets exact zeros.
 */
export const grpoNoStd: EstimatorRule = (rewards, epsilon) => {
  const isSingle = rewards.length === 1;
  const mean = isSingle ? 0 : average(rewards);
  const std = isSingle ? 1 : sampleStd(rewards, mean);
  return { advantages: rewards.map((reward) => (std < epsilon ? 0 : reward - mean)), mean, std };
};
