import { ResidencyError } from '../errors.js';
import type { LearnGroup, LearnTrajectory } from './learner.js';

/** Tokens of a message with trajectories: a token takes about 30 bytes at most, and a message may have 16 MiB. */
const MAX_TOKENS = 100_000;

/** A group as the messages that carry it: a group of long episodes is too large for one. */
export function* splitGroup(group: LearnGroup): Generator<LearnGroup, void, undefined> {
  const { trajectories, ...rest } = group;
  if (trajectories === undefined) {
    yield group;
    return;
  }
  let part: LearnTrajectory[] = [];
  let tokens = 0;
  for (const trajectory of trajectories) {
    if (part.length > 0 && tokens + trajectory.ids.length > MAX_TOKENS) {
      yield { ...rest, trajectories: part, continues: true };
      [part, tokens] = [[], 0];
    }
    part.push(trajectory);
    tokens += trajectory.ids.length;
  }
  yield { ...rest, trajectories: part };
}

/**
 * A group and the message that goes on with it.
 * @throws ResidencyError `invalid_request` where that is another group's
 */
export function joinGroup(before: LearnGroup, next: LearnGroup): LearnGroup {
  if (before.index !== next.index || before.policySha256 !== next.policySha256) {
    throw new ResidencyError(
      'invalid_request',
      `group ${before.index}: found group ${next.index} behind it, wanted the rest of its trajectories`,
      { param: 'group' },
    );
  }
  return { ...next, trajectories: [...(before.trajectories ?? []), ...(next.trajectories ?? [])] };
}
