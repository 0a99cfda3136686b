import { EvaluationError } from '../errors.js';
import { checkCount } from './interval.js';

/**
 * Probability that at least one of k samples drawn without replacement from n is right, if c of the n are: the unbiased
 * estimate 1 - C(n-c, k) / C(n, k) of pass@k (Chen et al., "Evaluating Large Language Models Trained on Code", 2021).
 * @throws EvaluationError EVALUATION_NUMBER, also where k > n or c > n
 */
export function passAtK(options: { readonly n: number; readonly c: number; readonly k: number }): number {
  const { n, c, k } = options;
  checkCount('n', n, 1);
  checkCount('c', c);
  checkCount('k', k, 1);
  if (c > n || k > n)
    throw new EvaluationError('EVALUATION_NUMBER', `c is ${c} and k is ${k}, want at most n = ${n}`);
  if (n - c < k) return 1;
  // C(n-c, k) / C(n, k) = prod over i from n-c+1 to n of (1 - k/i)
  let missing = 1;
  for (let i = n - c + 1; i <= n; i++) missing *= 1 - k / i;
  return 1 - missing;
}
