import type { FindingKind } from '../findings.js';
import {
  DIAGNOSIS_REWARD,
  type EpisodeScore,
  JUSTIFICATION_REWARD,
  type ScorePart,
  totalled,
} from '../rules.js';
import type { Vignette } from './vignette.js';

/** Costs of a fact by its kind, as the ward's usual ones. */
const costs: { readonly [K in FindingKind]: number } = { history: 0.005, examination: 0.01, test: 0.03 };

/** Elicited facts from which a diagnosis is justified, or all of a case that has fewer. */
export const JUSTIFYING_FACTS = 3;

export interface ScoredVignette {
  readonly vignette: Vignette;
  /** Places of facts in the order in which they were elicited, each once. */
  readonly elicited: readonly number[];
  /** What was stated and whether it is right; null where the episode ended without a diagnosis. */
  readonly commitment: { readonly stated: string; readonly isRight: boolean } | null;
}

/** What eliciting a fact costs. */
export const factCost = ({ facts }: Vignette, place: number): number =>
  costs[facts[place]?.kind ?? 'history'];

/**
 * The reward of an episode of a real case, each part with its reason. Such a case states neither an urgency nor
 * probabilities nor what is contraindicated: those rules do not apply, a diagnosis is justified by the number of
 * facts elicited, and a case is worth 0.75 at most.
 */
export function scoreVignette({ vignette, elicited, commitment }: ScoredVignette): EpisodeScore {
  const parts = elicited.map((place): ScorePart => {
    const cost = factCost(vignette, place);
    const { kind, name } = vignette.facts[place] ?? { kind: 'history', name: '' };
    return { rule: 'cost', amount: -cost, reason: `${kind} ${name} costs ${cost}` };
  });
  if (commitment !== null) {
    const { stated, isRight } = commitment;
    const needed = Math.min(JUSTIFYING_FACTS, vignette.facts.length);
    parts.push(
      {
        rule: 'diagnosis',
        amount: isRight ? DIAGNOSIS_REWARD : 0,
        reason: `diagnosed ${stated}, right is ${vignette.diagnosis}`,
      },
      {
        rule: 'urgency',
        amount: 0,
        reason: 'the case states no urgency',
      },
      {
        rule: 'justification',
        amount: isRight && elicited.length >= needed ? JUSTIFICATION_REWARD : 0,
        reason: `${elicited.length} facts were elicited, ${needed} or more justify a right diagnosis`,
      },
    );
  }
  return totalled(parts, ['diagnosis', 'justification']);
}
