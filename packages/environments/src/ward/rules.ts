/** Every rule that a reward comes from. */
export type RuleName =
  | 'cost'
  | 'diagnosis'
  | 'urgency'
  | 'justification'
  | 'contraindicated test'
  | 'ignored red flag'
  | 'missed red flag';

/** What each rule says. A patient served in every way, for free, is worth 1. */
export const rules: { readonly [R in RuleName]: string } = {
  cost: 'each finding that is elicited costs what the ward says',
  diagnosis: 'the diagnosis is the disease of the patient',
  urgency: 'the urgency is that of the disease; too high is worth less, too low does harm',
  justification: 'a right diagnosis is justified by what was elicited',
  'contraindicated test': 'a test was ordered that the disease forbids',
  'ignored red flag': 'the urgency is below what an elicited red flag calls for',
  'missed red flag': 'a red flag of the disease is present and was never asked for',
};

export const DIAGNOSIS_REWARD = 0.5;
export const JUSTIFICATION_REWARD = 0.25;
export const CONTRAINDICATED_REWARD = -0.5;
export const IGNORED_FLAG_REWARD = -0.5;
export const MISSED_FLAG_REWARD = -0.2;

/** Posterior probability from which a diagnosis is justified. */
export const JUSTIFIED_POSTERIOR = 0.6;

/** What is above a prior by less than this share is the prior itself, rounded. */
const ROUNDING = 1e-9;

/** Rewards by how far the urgency lies above the right one, from two too low to two too high. */
const URGENCY_REWARDS: readonly number[] = [-0.3, -0.15, 0.25, 0.1, 0];

/** Reward of an urgency where another is right; both are places in `URGENCIES`. */
export const urgencyReward = (urgency: number, right: number): number =>
  URGENCY_REWARDS[urgency - right + 2] ?? 0;

/**
 * Whether the findings favour a disease: its posterior is `JUSTIFIED_POSTERIOR` or more, and above its prior, so
 * that something elicited speaks for it.
 * @param weight P(known findings, disease)
 * @param total P(known findings)
 */
export const isJustified = (weight: number, total: number, prior: number): boolean =>
  weight >= JUSTIFIED_POSTERIOR * total && weight > prior * total * (1 + ROUNDING);

/** A part of a reward: the rule, its amount, and why it is what it is here. */
export interface ScorePart {
  readonly rule: RuleName;
  readonly amount: number;
  readonly reason: string;
}

export interface EpisodeScore {
  readonly parts: readonly ScorePart[];
  /** Sum of the parts, in their order. */
  readonly total: number;
  /** Whether the diagnosis and the urgency, as far as it applies, are right, justified, and nobody came to harm. */
  readonly won: boolean;
}

/** Sums parts up; an episode is won where each wanted rule was met and none of the parts is harm. */
export function totalled(parts: readonly ScorePart[], wanted: readonly RuleName[]): EpisodeScore {
  const isHarm = ({ rule, amount }: ScorePart): boolean => rule !== 'cost' && amount < 0;
  const isMet = (rule: RuleName): boolean => parts.some((part) => part.rule === rule && part.amount > 0);
  return {
    parts,
    total: parts.reduce((sum, { amount }) => sum + amount, 0),
    won: wanted.every(isMet) && !parts.some(isHarm),
  };
}
