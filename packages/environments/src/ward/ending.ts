import type { Ward } from './build-ward.js';
import { type Knowledge, UNKNOWN, urgencyCalledFor } from './knowledge.js';
import {
  CONTRAINDICATED_REWARD,
  DIAGNOSIS_REWARD,
  IGNORED_FLAG_REWARD,
  isJustified,
  JUSTIFICATION_REWARD,
  MISSED_FLAG_REWARD,
  urgencyReward,
} from './rules.js';
import { URGENCIES } from './urgency.js';

/** What the end of an episode is worth, in flat tables: this is asked in each of the states. */
export class Ending {
  readonly #ward: Ward;
  readonly #first: number;
  /** Rewards of urgencies by disease, [disease][urgency]. */
  readonly #urgencies: Float64Array;
  /** Values of urgencies in the state that is asked about. */
  readonly #byUrgency = new Float64Array(URGENCIES.length);

  constructor(ward: Ward) {
    this.#ward = ward;
    this.#first = ward.findings.length;
    this.#urgencies = Float64Array.from(
      ward.diseases.flatMap(({ urgency: right }) => URGENCIES.map((_, place) => urgencyReward(place, right))),
    );
  }

  /**
   * What is lost whatever is committed to: the expectation of forbidden tests and missed red flags, times the
   * probability of the knowledge.
   * @param weights P(knowledge, disease) for each disease
   */
  sunk(knowledge: Knowledge, weights: Float64Array): number {
    const { diseases, findings } = this.#ward;
    let value = 0;
    for (let disease = 0; disease < weights.length; disease++) {
      const row = diseases[disease];
      if (row === undefined) continue;
      const { contraindicated, redFlags } = row;
      let harm = contraindicated >= 0 && knowledge[contraindicated] !== UNKNOWN ? CONTRAINDICATED_REWARD : 0;
      // Unknown findings are independent of the known ones given the disease.
      for (const flag of redFlags)
        if (knowledge[flag] === UNKNOWN) harm += MISSED_FLAG_REWARD * (findings[flag]?.chances[disease] ?? 0);
      value += (weights[disease] ?? 0) * harm;
    }
    return value;
  }

  /** Sets the value of every commitment, times the probability of the knowledge, which is `total`. */
  setCommitments(knowledge: Knowledge, weights: Float64Array, total: number, values: Float64Array): void {
    const { diseases } = this.#ward;
    const width = this.#byUrgency.length;
    const sunk = this.sunk(knowledge, weights);
    const called = urgencyCalledFor(this.#ward, knowledge);
    for (let urgency = 0; urgency < width; urgency++) {
      let value = urgency < called ? IGNORED_FLAG_REWARD * total : 0;
      for (let disease = 0; disease < weights.length; disease++)
        value += (weights[disease] ?? 0) * (this.#urgencies[disease * width + urgency] ?? 0);
      this.#byUrgency[urgency] = value;
    }
    for (let disease = 0; disease < weights.length; disease++) {
      const weight = weights[disease] ?? 0;
      const isFavoured = isJustified(weight, total, diseases[disease]?.prior ?? 0);
      const stated = sunk + weight * (DIAGNOSIS_REWARD + (isFavoured ? JUSTIFICATION_REWARD : 0));
      const first = this.#first + disease * width;
      for (let urgency = 0; urgency < width; urgency++)
        values[first + urgency] = stated + (this.#byUrgency[urgency] ?? 0);
    }
  }
}
