import type { Episode, Observation, Step } from '../environment.js';
import { admissibleNumbers } from './admissible.js';
import { follow, type Game, introOf, NOTHING_HAPPENS, textsOf } from './game.js';

/** Reward of the command that reaches the goal; all others have none (GiGPO specification, section 4.3). */
export const WIN_REWARD = 10;

/**
 * What an anchor is: `told`, what was last told, as in the reference, which is the same for worlds that differ where nobody is
 * looking; or `state`, the whole state of the world (GiGPO specification, section 1.8).
 */
export type HouseholdAnchor = 'told' | 'state';

/** The names, for those who read them from outside. */
export const HOUSEHOLD_ANCHORS: readonly HouseholdAnchor[] = ['told', 'state'];

export interface HouseholdEpisodeOptions {
  readonly game: Game;
  /** Commands after which an episode ends in any case; none where absent. */
  readonly maxSteps?: number;
  /** @defaultValue 'told' */
  readonly anchor?: HouseholdAnchor;
}

/**
 * An episode of a game: one copy of its first state, a few hundred bytes.
 */
export function openGame({
  game,
  maxSteps = Number.POSITIVE_INFINITY,
  anchor = 'told',
}: HouseholdEpisodeOptions): Episode {
  const state = game.world.initial.slice();
  let text = introOf(game, state);
  let options = admissibleNumbers(game, state);
  let outcome: string | null = null;
  let won = false;
  let steps = 0;

  const anchors: { readonly [A in HouseholdAnchor]: () => string } = {
    told: () => text,
    state: () => state.join(),
  };
  const see = (): Observation => ({
    text,
    admissible: outcome === null ? textsOf(game, options) : [],
    anchor: anchors[anchor](),
  });
  return {
    task: game.task,
    observe: see,
    act(action): Step {
      if (outcome !== null) {
        const over = 'The episode is over.';
        const info = { isValid: false, outcome, won, steps };
        return { ...see(), text: over, reward: 0, done: true, info };
      }
      steps++;
      const told = follow(game, { state, options }, action);
      const isValid = told !== null;
      text = told ?? NOTHING_HAPPENS;
      if (isValid) {
        won = game.goal(state);
        if (won) outcome = 'won';
        else options = admissibleNumbers(game, state);
      }
      if (outcome === null && steps >= maxSteps) outcome = 'step limit';
      const info = { isValid, outcome, won, steps };
      return { ...see(), reward: won ? WIN_REWARD : 0, done: outcome !== null, info };
    },
  };
}
