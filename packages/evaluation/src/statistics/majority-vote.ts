/** What most votes are for. */
export interface Majority {
  /** The letter with most votes, of equals the first in the order of character codes; null without votes. */
  readonly letter: string | null;
  /** Votes for it. */
  readonly votes: number;
  /** Votes in all: samples whose answer is invalid have none. */
  readonly cast: number;
  /** All letters with as many votes, sorted, where there are several; else empty. */
  readonly tied: readonly string[];
}

/**
 * The majority of letters; null is no vote. The order of the letters does not matter: a tie goes to the first letter in
 * the order of character codes, and is named in `tied`.
 */
export function majorityVote(letters: readonly (string | null)[]): Majority {
  const counts = new Map<string, number>();
  for (const letter of letters) {
    if (letter !== null) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  }
  const votes = Math.max(0, ...counts.values());
  const leaders = [...counts.keys()].filter((letter) => counts.get(letter) === votes).sort();
  let cast = 0;
  for (const count of counts.values()) cast += count;
  return { letter: leaders[0] ?? null, votes, cast, tied: leaders.length > 1 ? leaders : [] };
}
