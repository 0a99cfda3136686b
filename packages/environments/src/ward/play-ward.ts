import type { Ward } from './build-ward.js';
import { openCase, type Performed, type WardEpisode } from './case-episode.js';
import { drawWardPatient } from './draw-patient.js';
import { ABSENT, anchorOf, isOpen, type Knowledge, PRESENT, UNKNOWN } from './knowledge.js';
import { type Commitment, scoreEpisode } from './score-episode.js';
import { URGENCIES } from './urgency.js';

export interface WardOptions {
  readonly ward: Ward;
  /** An integer in [0, 2^32). */
  readonly seed: number;
  /** Actions after which the episode ends in any case; the ward's own limit where absent. */
  readonly maxSteps?: number;
}

/** An episode of a ward that shows what is known, for who plays it by policy. */
export interface ModelledEpisode extends WardEpisode {
  readonly ward: Ward;
  /** What is known now; it changes as the episode goes on. */
  readonly knowledge: Knowledge;
}

const TASK = 'find the diagnosis and its urgency at little cost, without doing harm.';

/**
 * An episode of the patient of a seed.
 * @throws EnvironmentError ENVIRONMENT_SEED
 */
export function openWard({ ward, seed, maxSteps = ward.maxSteps }: WardOptions): ModelledEpisode {
  const patient = drawWardPatient(ward, seed);
  const { diseases, findings, actions } = ward;
  const knowledge = new Uint8Array(findings.length);
  const elicited: number[] = [];
  let commitment: Commitment | null = null;

  const told = (place: number): string => {
    const finding = findings[place];
    return (knowledge[place] === PRESENT ? finding?.present : finding?.absent) ?? '';
  };
  const perform = (wanted: string): Performed | null => {
    const index = ward.byText.get(wanted.toLowerCase());
    const action = index === undefined || !isOpen(knowledge, index) ? undefined : actions[index];
    if (action === undefined) return null;
    if (action.kind === 'elicit') {
      const { finding } = action;
      elicited.push(finding);
      knowledge[finding] = patient.present[finding] ? PRESENT : ABSENT;
      return { text: told(finding), cost: findings[finding]?.cost ?? 0, outcome: null };
    }
    commitment = action;
    const right = diseases[patient.disease];
    const stated = diseases[action.disease]?.name;
    return {
      text: `You diagnosed ${stated} as ${URGENCIES[action.urgency]}; the patient has ${right?.name}, whose urgency is ${URGENCIES[right?.urgency ?? 0]}.`,
      cost: 0,
      outcome: `diagnosed ${stated} as ${URGENCIES[action.urgency]}`,
    };
  };
  const episode = openCase({
    task: TASK,
    maxSteps,
    describe: () => {
      const known = ward.sortedFindings.filter((place) => knowledge[place] !== UNKNOWN).map(told);
      return [patient.presentation, ...(known.length === 0 ? ['Nothing is known yet.'] : known)].join(' ');
    },
    admissible: () =>
      ward.sortedActions.flatMap((index) => (isOpen(knowledge, index) ? (actions[index]?.text ?? []) : [])),
    anchor: () => anchorOf(ward, knowledge),
    perform,
    score: () => scoreEpisode({ ward, patient, elicited, commitment }),
  });
  return { ...episode, ward, knowledge };
}

/** What a policy does in an episode, action by action as the episode goes on, until it is over. */
export function* policyActions(
  episode: ModelledEpisode,
  policy: (knowledge: Knowledge) => number,
): Generator<string> {
  while (episode.observe().admissible.length > 0)
    yield episode.ward.actions[policy(episode.knowledge)]?.text ?? '';
}
