import { uniformBelow } from '@residency/algorithms';
import type { Ward } from './build-ward.js';
import { drawWardPatient } from './draw-patient.js';
import { isOpen, type Knowledge, posteriorOf, UNKNOWN, urgencyCalledFor } from './knowledge.js';
import { solveWard } from './optimal.js';
import { type Commitment, knowledgeOf, scoreEpisode } from './score-episode.js';
import { sweep } from './sweep.js';
import { URGENCIES } from './urgency.js';

/** Chooses an action of the ward by what is known, the same one each time. */
export type WardPolicy = (knowledge: Knowledge) => number;

/** Bits of expected information below which the greedy policy no longer asks. */
const LEAST_GAIN = 0.02;
/** Posterior probability from which the greedy policy commits. */
const SURE = 0.95;

const entropy = (probabilities: readonly number[]): number =>
  probabilities.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);

/** Expected loss of entropy, in bits, of the diseases once a finding is known. */
function informationGain(ward: Ward, posterior: readonly number[], finding: number): number {
  const chances = ward.findings[finding]?.chances ?? [];
  const branch = (isPresent: boolean): number => {
    const joint = posterior.map((p, disease) => {
      const chance = chances[disease] ?? 0;
      return p * (isPresent ? chance : 1 - chance);
    });
    const total = joint.reduce((sum, p) => sum + p, 0);
    return total === 0 ? 0 : total * entropy(joint.map((p) => p / total));
  };
  return entropy(posterior) - branch(true) - branch(false);
}

/**
 * Asks for whatever tells most about the disease, blind to costs and harm, and commits once it is sure or nothing
 * tells enough: to the most probable disease, with its urgency or that which a known red flag calls for.
 */
export const greedyPolicy =
  (ward: Ward): WardPolicy =>
  (knowledge) => {
    const posterior = posteriorOf(ward, knowledge);
    const likely = posterior.indexOf(Math.max(...posterior));
    const known = knowledge.reduce<number>((count, digit) => (digit === UNKNOWN ? count : count + 1), 0);
    let best = -1;
    let most = LEAST_GAIN;
    if ((posterior[likely] ?? 0) < SURE && known + 1 < ward.maxSteps)
      for (const [place] of ward.findings.entries()) {
        const gain = knowledge[place] === UNKNOWN ? informationGain(ward, posterior, place) : 0;
        if (gain > most) [best, most] = [place, gain];
      }
    if (best >= 0) return best;
    const urgency = Math.max(ward.diseases[likely]?.urgency ?? 0, urgencyCalledFor(ward, knowledge));
    return ward.findings.length + likely * URGENCIES.length + urgency;
  };

/** @throws EnvironmentError ENVIRONMENT_TOO_LARGE */
export const optimalPolicy = (ward: Ward): WardPolicy => solveWard(ward).actionOf;

/**
 * Expected reward of a policy, exactly.
 * @throws EnvironmentError ENVIRONMENT_TOO_LARGE
 */
export function policyValue(ward: Ward, policy: WardPolicy): number {
  return sweep(ward, ({ knowledge, values }) => values[policy(knowledge)] ?? 0);
}

/**
 * Expected reward of taking each admissible action with the same probability, exactly.
 * @throws EnvironmentError ENVIRONMENT_TOO_LARGE
 */
export function randomValue(ward: Ward): number {
  return sweep(ward, ({ values }) => {
    let [sum, count] = [0, 0];
    for (const value of values) {
      if (value === Number.NEGATIVE_INFINITY) continue;
      sum += value;
      count++;
    }
    return sum / count;
  });
}

/** Keeps a random policy's draws apart from those of the patients. */
const STREAM = 0x7a4d;

/** A policy that may also draw, by the seed of the patient. */
export type SeededPolicy = (knowledge: Knowledge, seed: number) => number;

/** Takes each admissible action with the same probability. */
export const randomPolicy =
  (ward: Ward): SeededPolicy =>
  (knowledge, seed) => {
    const open = ward.actions.flatMap((_, action) => (isOpen(knowledge, action) ? [action] : []));
    const known = ward.actions.length - open.length;
    return open[uniformBelow(open.length, [STREAM, seed, known])] ?? 0;
  };

export interface Simulation {
  /** Mean reward of the episodes, and its standard error. */
  readonly mean: number;
  readonly standardError: number;
  /** Share of the episodes that are won. */
  readonly won: number;
  /** Mean number of actions. */
  readonly steps: number;
}

/**
 * Plays a policy on the patients of seeds 0 to `episodes` - 1, as episodes are scored.
 * @param episodes an integer from 2 to 2^32
 */
export function simulatePolicy(ward: Ward, policy: SeededPolicy, episodes: number): Simulation {
  let [sum, squares, won, steps] = [0, 0, 0, 0];
  for (let seed = 0; seed < episodes; seed++) {
    const patient = drawWardPatient(ward, seed);
    const elicited: number[] = [];
    let commitment: Commitment | null = null;
    for (let step = 0; step < ward.maxSteps && commitment === null; step++) {
      const action = ward.actions[policy(knowledgeOf({ ward, patient, elicited }), seed)];
      steps++;
      if (action?.kind === 'elicit') elicited.push(action.finding);
      else if (action?.kind === 'commit') commitment = action;
    }
    const score = scoreEpisode({ ward, patient, elicited, commitment });
    sum += score.total;
    squares += score.total ** 2;
    if (score.won) won++;
  }
  const mean = sum / episodes;
  const variance = Math.max(0, (squares - episodes * mean ** 2) / (episodes - 1));
  return {
    ...{ mean, standardError: Math.sqrt(variance / episodes) },
    ...{ won: won / episodes, steps: steps / episodes },
  };
}

/** Every policy that can play a ward by itself. */
export type PolicyName = 'greedy' | 'optimal' | 'random';
export const policies: { readonly [P in PolicyName]: (ward: Ward) => SeededPolicy } = {
  greedy: greedyPolicy,
  optimal: optimalPolicy,
  random: randomPolicy,
};
