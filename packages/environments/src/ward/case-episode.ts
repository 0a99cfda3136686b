import type { Episode, Step, StepInfo } from '../environment.js';
import type { EpisodeScore } from './rules.js';

export interface WardStepInfo extends StepInfo {
  /** Every part of the episode's reward once it is over, null while it runs. */
  readonly score: EpisodeScore | null;
}

export interface WardStep extends Step {
  readonly info: WardStepInfo;
}

/** What came of an action. */
export interface Performed {
  readonly text: string;
  /** What it costs, 0 or above. */
  readonly cost: number;
  /** The outcome where it ends the episode, else null. */
  readonly outcome: string | null;
}

/** A case as an episode plays it. */
export interface PlayedCase {
  readonly task: string;
  readonly maxSteps: number;
  /** All that is known. */
  readonly describe: () => string;
  /** Sorted. */
  readonly admissible: () => string[];
  readonly anchor: () => string;
  /** Takes an action, in single spaces and trimmed; null, and nothing changed, where it does nothing. */
  readonly perform: (action: string) => Performed | null;
  /** The whole reward, once the episode is over. */
  readonly score: () => EpisodeScore;
}

/** An action longer than this is none, however it goes on. */
const MAX_ACTION_LENGTH = 500;

/** Costs are rewards of the actions that they are paid for; everything else is settled when the episode ends. */
const settled = ({ parts }: EpisodeScore): number =>
  parts.reduce((sum, { rule, amount }) => (rule === 'cost' ? sum : sum + amount), 0);

export interface WardEpisode extends Episode {
  act(action: string): WardStep;
}

/** An episode of a case. Its rewards sum up to the total of its score. */
export function openCase(played: PlayedCase): WardEpisode {
  const { task, maxSteps } = played;
  let outcome: string | null = null;
  let score: EpisodeScore | null = null;
  let steps = 0;

  const see = (text: string) => ({
    text,
    admissible: outcome === null ? played.admissible() : [],
    anchor: outcome === null ? played.anchor() : `${played.anchor()}; ${outcome}`,
  });
  const informed = (isValid: boolean): WardStepInfo => ({
    ...{ isValid, outcome, won: score?.won ?? false, steps, score },
  });
  return {
    task,
    observe: () => see(`${played.describe()} Your task is to: ${task}`),
    act(action): WardStep {
      if (outcome !== null)
        return { ...see('The episode is over.'), reward: 0, done: true, info: informed(false) };
      steps++;
      const wanted = action.length > MAX_ACTION_LENGTH ? '' : action.trim().replaceAll(/\s+/g, ' ');
      const performed = played.perform(wanted);
      const { text, cost } = performed ?? { text: 'Nothing happens.', cost: 0 };
      outcome = performed?.outcome ?? (steps >= maxSteps ? 'step limit' : null);
      if (outcome !== null) score = played.score();
      return {
        ...see(text),
        reward: (score === null ? 0 : settled(score)) - cost,
        done: outcome !== null,
        info: informed(performed !== null),
      };
    },
  };
}
