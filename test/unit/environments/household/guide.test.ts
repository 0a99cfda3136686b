import { uniform, uniformBelow } from '@residency/algorithms';
import { type Game, generateGame, guideOf, openGame } from '@residency/environments';
import { describe, expect, it } from 'vitest';

/** Plays with a guide that is not listened to at a share of the steps. */
function playGuided(
  game: Game,
  { deaf, seed }: { deaf: number; seed: number },
): { won: boolean; steps: number } {
  const guide = guideOf(game);
  if (guide === null) throw new Error('no guide');
  const episode = openGame({ game, maxSteps: 60 });
  let seen = episode.observe();
  for (let step = 0; ; step++) {
    const { action } = guide.next(seen.admissible);
    expect(seen.admissible).toContain(action);
    const drawn = seen.admissible[uniformBelow(seen.admissible.length, [seed, step, 1])] ?? '';
    const taken = uniform([seed, step]) < deaf ? drawn : action;
    const next = episode.act(taken);
    if (next.info.isValid) guide.note(taken);
    if (next.done) return { won: next.info.won, steps: step + 1 };
    seen = next;
  }
}

describe('a guide', () => {
  it.each([1, 2, 3])('takes the shortest way that the walkthrough of level %i takes', (level) => {
    for (let seed = 0; seed < 60; seed++) {
      const game = generateGame(level, seed);
      expect(playGuided(game, { deaf: 0, seed })).toEqual({ won: true, steps: game.walkthrough?.length });
    }
  });

  it.each([1, 2, 3])('finds the way back from wherever the player went: level %i', (level) => {
    let won = 0;
    for (let seed = 0; seed < 100; seed++)
      if (playGuided(generateGame(level, seed), { deaf: 0.3, seed }).won) won++;

    expect(won).toBeGreaterThanOrEqual(97);
  });

  it('says what it is after, and no more than the task says', () => {
    const walkthrough = [
      'go to bed 1',
      'take mug 1 from bed 1',
      'go to washstand 1',
      'clean mug 1 with washstand 1',
      'go to shelf 2',
      'move mug 1 to shelf 2',
    ];
    const guide = guideOf({ walkthrough });

    expect(guide?.next(['go to bed 1', 'go to shelf 2'])).toEqual({
      action: 'go to bed 1',
      thought: 'find mug',
    });
    guide?.note('go to bed 1');
    guide?.note('take mug 1 from bed 1');
    expect(guide?.next(['go to washstand 1'])).toEqual({ action: 'go to washstand 1', thought: 'clean mug' });
    guide?.note('go to washstand 1');
    guide?.note('clean mug 1 with washstand 1');
    expect(guide?.next(['go to shelf 2'])).toEqual({
      action: 'go to shelf 2',
      thought: 'bring mug to shelf',
    });
  });

  it('is none of a game without a walkthrough, or of one of two things', () => {
    expect(guideOf({ walkthrough: null })).toBeNull();
    expect(
      guideOf({ walkthrough: ['take a from b', 'go to c', 'move a to c', 'take d from e', 'move d to c'] }),
    ).toBeNull();
  });
});
