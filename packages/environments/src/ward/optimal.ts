import type { Ward } from './build-ward.js';
import type { Knowledge } from './knowledge.js';
import { type LevelName, wardOf } from './levels.js';
import { checkExact, codeOf, type SweepState, sweep } from './sweep.js';

/** The optimal policy of a ward. */
export interface Solution {
  /** Expected reward of an episode. */
  readonly value: number;
  /** What to do, an action of the ward, knowing this; committing where that is worth no less than to ask on. */
  readonly actionOf: (knowledge: Knowledge) => number;
}

/** Place of the greatest value among the commitments, or of a finding whose value is greater still. */
function bestOf({ values, knowledge }: SweepState): number {
  let best = knowledge.length;
  for (let action = best + 1; action < values.length; action++)
    if ((values[action] ?? 0) > (values[best] ?? 0)) best = action;
  for (let action = 0; action < knowledge.length; action++)
    if ((values[action] ?? 0) > (values[best] ?? 0)) best = action;
  return best;
}

const solved = new WeakMap<Ward, Solution>();

/**
 * The optimal policy by dynamic programming over what may be known; solved once for each ward. It counts on a step
 * for each finding that it elicits: steps wasted before on other texts are not in its state.
 * @throws EnvironmentError ENVIRONMENT_TOO_LARGE where the ward has more than `MAX_EXACT_FINDINGS` findings
 */
export function solveWard(ward: Ward): Solution {
  const known = solved.get(ward);
  if (known !== undefined) return known;
  checkExact(ward);
  // A state at the limit of steps is never asked about; committing is what it says.
  const actions = new Int16Array(3 ** ward.findings.length).fill(ward.findings.length);
  const value = sweep(ward, (state) => {
    const best = bestOf(state);
    actions[state.code] = best;
    return state.values[best] ?? 0;
  });
  const actionOf = (knowledge: Knowledge): number => actions[codeOf(knowledge)] ?? ward.findings.length;
  const solution = { value, actionOf };
  solved.set(ward, solution);
  return solution;
}

/**
 * Expected reward of the optimal policy at a level.
 * @throws EnvironmentError ENVIRONMENT_TASK, ENVIRONMENT_TOO_LARGE ('hospital')
 */
export const optimalValue = (level: LevelName): number => solveWard(wardOf(level)).value;
