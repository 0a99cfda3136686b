import { EvaluationError } from '../errors.js';
import { checkCount } from './interval.js';
import { chiSquaredTail } from './normal.js';

/** Pairs of verdicts on the same questions, counted. */
export interface PairCounts {
  readonly both: number;
  /** Right by the model alone, and by the baseline alone: the discordant pairs. */
  readonly modelOnly: number;
  readonly baselineOnly: number;
  readonly neither: number;
}

export interface McNemarTest extends PairCounts {
  readonly method: 'exact' | 'chi-squared';
  /** The corrected chi-squared value; null for the exact test. */
  readonly statistic: number | null;
  /** Two-sided: of seeing counts at least this unequal if neither were better. */
  readonly pValue: number;
}

/** From so many discordant pairs on the approximation is used. */
export const EXACT_BELOW = 25;

/**
 * Counts verdicts pair by pair.
 * @throws EvaluationError EVALUATION_SHAPE
 */
export function countPairs(model: readonly boolean[], baseline: readonly boolean[]): PairCounts {
  if (model.length !== baseline.length)
    throw new EvaluationError(
      'EVALUATION_SHAPE',
      `verdicts: ${model.length} of the model and ${baseline.length} of the baseline, want as many`,
    );
  const counts = { both: 0, modelOnly: 0, baselineOnly: 0, neither: 0 };
  for (const [i, isRight] of model.entries()) {
    const isBaselineRight = baseline[i] === true;
    if (isRight) counts[isBaselineRight ? 'both' : 'modelOnly']++;
    else counts[isBaselineRight ? 'baselineOnly' : 'neither']++;
  }
  return counts;
}

/** min(1, 2 P(X <= least)) for X binomial of `pairs` trials at one half. */
function exactTail(least: number, pairs: number): number {
  let ways = 1;
  let sum = 1;
  for (let i = 1; i <= least; i++) {
    ways = (ways * (pairs - i + 1)) / i;
    sum += ways;
  }
  return Math.min(1, 2 * sum * 2 ** -pairs);
}

/**
 * Whether two models differ on the same questions (McNemar, "Note on the sampling error of the difference between
 * correlated proportions or percentages", 1947). With b and c discordant pairs: exact binomial below 25 of them, else
 * chi-squared with Edwards' continuity correction, (|b - c| - 1)² / (b + c), one degree of freedom. Without discordant
 * pairs the p-value is 1.
 * @throws EvaluationError EVALUATION_NUMBER
 */
export function mcNemarTest(counts: PairCounts): McNemarTest {
  const { both, modelOnly, baselineOnly, neither } = counts;
  for (const [name, value] of Object.entries({ both, modelOnly, baselineOnly, neither }))
    checkCount(name, value);
  const pairs = modelOnly + baselineOnly;
  const shared = { both, modelOnly, baselineOnly, neither };
  if (pairs < EXACT_BELOW) {
    const pValue = exactTail(Math.min(modelOnly, baselineOnly), pairs);
    return { ...shared, method: 'exact', statistic: null, pValue };
  }
  // Equal counts would give (0 - 1)²: the correction takes away at most the difference.
  const statistic = Math.max(0, Math.abs(modelOnly - baselineOnly) - 1) ** 2 / pairs;
  return { ...shared, method: 'chi-squared', statistic, pValue: chiSquaredTail(statistic) };
}
