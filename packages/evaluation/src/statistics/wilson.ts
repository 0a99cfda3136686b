import { EvaluationError } from '../errors.js';
import { checkCount, checkLevel, DEFAULT_LEVEL, type Interval } from './interval.js';
import { normalQuantile } from './normal.js';

/**
 * Score interval of a share, for independent trials (Wilson, "Probable inference, the law of succession, and statistical
 * inference", 1927): (p + z²/2n ± z sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n). Null without trials.
 * @throws EvaluationError EVALUATION_NUMBER
 */
export function wilsonInterval(
  successes: number,
  trials: number,
  level: number = DEFAULT_LEVEL,
): Interval | null {
  checkCount('trials', trials);
  checkCount('successes', successes);
  checkLevel(level);
  if (successes > trials)
    throw new EvaluationError('EVALUATION_NUMBER', `successes are ${successes}, want at most ${trials}`);
  if (trials === 0) return null;
  const z = normalQuantile((1 + level) / 2);
  const share = successes / trials;
  const centre = share + (z * z) / (2 * trials);
  const reach = z * Math.sqrt((share * (1 - share)) / trials + (z * z) / (4 * trials * trials));
  const scale = 1 + (z * z) / trials;
  // Rounding must not push an end past the share that it touches.
  return {
    low: successes === 0 ? 0 : Math.max(0, (centre - reach) / scale),
    high: successes === trials ? 1 : Math.min(1, (centre + reach) / scale),
    level,
  };
}
