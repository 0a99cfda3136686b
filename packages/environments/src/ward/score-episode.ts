import type { Ward } from './build-ward.js';
import type { WardPatient } from './draw-patient.js';
import { ABSENT, PRESENT, urgencyCalledFor, weightsOf } from './knowledge.js';
import {
  CONTRAINDICATED_REWARD,
  DIAGNOSIS_REWARD,
  type EpisodeScore,
  IGNORED_FLAG_REWARD,
  isJustified,
  JUSTIFICATION_REWARD,
  MISSED_FLAG_REWARD,
  type ScorePart,
  totalled,
  urgencyReward,
} from './rules.js';
import { URGENCIES } from './urgency.js';

/** A disease and an urgency that somebody commits to, as places in the lists of both. */
export interface Commitment {
  readonly disease: number;
  readonly urgency: number;
}

export interface ScoredEpisode {
  readonly ward: Ward;
  readonly patient: WardPatient;
  /** Findings in the order in which they were elicited, each once. */
  readonly elicited: readonly number[];
  /** Null where the episode ended without one. */
  readonly commitment: Commitment | null;
}

/** What is known once findings were elicited. */
export function knowledgeOf({ ward, patient, elicited }: Omit<ScoredEpisode, 'commitment'>): Uint8Array {
  const knowledge = new Uint8Array(ward.findings.length);
  for (const place of elicited) knowledge[place] = patient.present[place] ? PRESENT : ABSENT;
  return knowledge;
}

function commitmentParts({ ward, patient, elicited, commitment }: ScoredEpisode): ScorePart[] {
  if (commitment === null) return [];
  const { diseases } = ward;
  const right = diseases[patient.disease];
  const stated = diseases[commitment.disease];
  if (right === undefined || stated === undefined)
    throw new Error('internal: a disease that is not of the ward');
  const knowledge = knowledgeOf({ ward, patient, elicited });
  const weights = weightsOf(ward, knowledge);
  const weight = weights[commitment.disease] ?? 0;
  const total = weights.reduce((sum, value) => sum + value, 0);
  const isRight = commitment.disease === patient.disease;
  const justified = isJustified(weight, total, stated.prior);
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  const called = urgencyCalledFor(ward, knowledge);
  const urgency = URGENCIES[commitment.urgency];
  const parts: ScorePart[] = [
    {
      rule: 'diagnosis',
      amount: isRight ? DIAGNOSIS_REWARD : 0,
      reason: `diagnosed ${stated.name}, the patient has ${right.name}`,
    },
    {
      rule: 'urgency',
      amount: urgencyReward(commitment.urgency, right.urgency),
      reason: `committed to ${urgency}, ${right.name} is ${URGENCIES[right.urgency]}`,
    },
    {
      rule: 'justification',
      amount: isRight && justified ? JUSTIFICATION_REWARD : 0,
      reason: `what was elicited makes ${stated.name} ${percent(weight / total)} probable, from ${percent(stated.prior)}`,
    },
  ];
  if (commitment.urgency < called)
    parts.push({
      rule: 'ignored red flag',
      amount: IGNORED_FLAG_REWARD,
      reason: `an elicited red flag calls for ${URGENCIES[called]}, committed to ${urgency}`,
    });
  return parts;
}

/**
 * The reward of an episode by the ward's rules, each part with its reason. A pure function of its arguments: costs
 * in the order of the actions, then the commitment, then harm.
 */
export function scoreEpisode(episode: ScoredEpisode): EpisodeScore {
  const { ward, patient, elicited } = episode;
  const isElicited = new Set(elicited);
  const disease = ward.diseases[patient.disease];
  const costs = elicited.map((place): ScorePart => {
    const cost = ward.findings[place]?.cost ?? 0;
    return { rule: 'cost', amount: -cost, reason: `${ward.actions[place]?.text} costs ${cost}` };
  });
  const contraindicated = disease?.contraindicated ?? -1;
  const harm: ScorePart[] = isElicited.has(contraindicated)
    ? [
        {
          rule: 'contraindicated test',
          amount: CONTRAINDICATED_REWARD,
          reason: `${disease?.name} forbids the ${ward.findings[contraindicated]?.name}`,
        },
      ]
    : [];
  const missed = (disease?.redFlags ?? [])
    .filter((place) => patient.present[place] && !isElicited.has(place))
    .map((place): ScorePart => {
      const name = ward.findings[place]?.name;
      return {
        rule: 'missed red flag',
        amount: MISSED_FLAG_REWARD,
        reason: `${name} is a red flag of ${disease?.name}, is present and was not elicited`,
      };
    });
  return totalled(
    [...costs, ...commitmentParts(episode), ...harm, ...missed],
    ['diagnosis', 'urgency', 'justification'],
  );
}
