import type { Ward } from './build-ward.js';
import { drawWardPatient } from './draw-patient.js';
import { posteriorOf } from './knowledge.js';
import { DIAGNOSIS_REWARD, JUSTIFICATION_REWARD, urgencyReward } from './rules.js';
import { knowledgeOf } from './score-episode.js';
import { URGENCIES } from './urgency.js';

/** An estimate with its standard error. */
export interface Estimate {
  readonly mean: number;
  readonly standardError: number;
}

/**
 * What no policy exceeds on average: the reward of who learns every finding at once, for nothing, without harm, and
 * whose right diagnosis is always justified. More findings never make the best commitment worse on average, and all
 * that is left out is never positive. For wards that are too large to be solved, over the patients of seeds 0 to
 * `episodes` - 1.
 * @param episodes an integer from 2 to 2^32
 */
export function informedBound(ward: Ward, episodes: number): Estimate {
  const elicited = ward.findings.map((_, place) => place);
  let [sum, squares] = [0, 0];
  for (let seed = 0; seed < episodes; seed++) {
    const patient = drawWardPatient(ward, seed);
    const posterior = posteriorOf(ward, knowledgeOf({ ward, patient, elicited }));
    const urgencies = URGENCIES.map((_, urgency) =>
      ward.diseases.reduce(
        (value, { urgency: right }, disease) =>
          value + (posterior[disease] ?? 0) * urgencyReward(urgency, right),
        0,
      ),
    );
    const best = Math.max(...posterior) * (DIAGNOSIS_REWARD + JUSTIFICATION_REWARD) + Math.max(...urgencies);
    sum += best;
    squares += best ** 2;
  }
  const mean = sum / episodes;
  const variance = Math.max(0, (squares - episodes * mean ** 2) / (episodes - 1));
  return { mean, standardError: Math.sqrt(variance / episodes) };
}
