import { packPrompts, type SampledCompletion, turnPrompts } from '@residency/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { trajectoriesOf } from '../../../services/orchestrator/src/episodes.js';

const turn = {
  stopReason: 'stop',
  observation: '',
  anchor: '',
  action: '',
  isValid: true,
  isAdmissible: true,
  reward: 0,
} as const;

/** An episode of prompts and responses. */
function episodeOf(
  prompts: readonly (readonly number[])[],
  responses: readonly (readonly number[])[],
): SampledCompletion {
  const packed = packPrompts(prompts);
  return {
    ids: responses.flat(),
    logprobs: responses.flat().map((id) => -id),
    temperature: 1,
    stopReason: 'stop',
    text: '',
    episode: {
      turns: responses.map((ids, at) => ({
        ...turn,
        promptKeeps: 0,
        promptAdds: [],
        ...packed[at],
        tokens: ids.length,
      })),
      won: false,
      outcome: '',
      failure: null,
    },
  };
}

describe('what an episode is learned as', () => {
  it('is one sequence for each step that is told anew', () => {
    const sample = episodeOf(
      [
        [1, 2],
        [1, 3, 4],
      ],
      [[10], [11, 12]],
    );

    expect(trajectoriesOf(sample, [0.5, -1])).toEqual([
      { ids: [1, 2, 10], targets: [2], logprobs: [-10], advantages: [0.5] },
      { ids: [1, 3, 4, 11, 12], targets: [3, 4], logprobs: [-11, -12], advantages: [-1, -1] },
    ]);
  });

  it('is one sequence where each prompt goes on from all that was said', () => {
    const sample = episodeOf(
      [
        [1, 2],
        [1, 2, 10, 3],
        [1, 2, 10, 3, 11, 12, 4],
      ],
      [[10], [11, 12], [13]],
    );

    expect(trajectoriesOf(sample, [1, 2, 3])).toEqual([
      {
        ids: [1, 2, 10, 3, 11, 12, 4, 13],
        targets: [2, 4, 5, 7],
        logprobs: [-10, -11, -12, -13],
        advantages: [1, 2, 2, 3],
      },
    ]);
  });

  it('has every sampled token once, with its own log-probability, behind what it was sampled behind', () => {
    const ids = fc.array(fc.nat(5), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(ids, ids), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        (turns, goesOn) => {
          const prompts: number[][] = [];
          const responses = turns.map(([, response]) => response);
          for (const [at, [prompt]] of turns.entries()) {
            const before = goesOn ? [...(prompts[at - 1] ?? []), ...(responses[at - 1] ?? [])] : [];
            prompts.push([...before, ...prompt]);
          }
          const sample = episodeOf(prompts, responses);
          const trajectories = trajectoriesOf(
            sample,
            turns.map((_, at) => at),
          );

          const behind = trajectories.flatMap(({ ids, targets, logprobs, advantages }) =>
            targets.map((place, k) => ({
              before: ids.slice(0, place).join(),
              id: ids[place],
              logprob: logprobs[k],
              turn: advantages[k],
            })),
          );
          const wanted = responses.flatMap((response, at) =>
            response.map((id, k) => ({
              before: [...(prompts[at] ?? []), ...response.slice(0, k)].join(),
              id,
              logprob: -id,
              turn: at,
            })),
          );
          expect(behind).toEqual(wanted);
          if (goesOn) expect(trajectories).toHaveLength(1);
        },
      ),
    );
  });
});

it('prompts are kept without what they begin with alike, and read again', () => {
  fc.assert(
    fc.property(fc.array(fc.array(fc.nat(2), { maxLength: 8 }), { maxLength: 6 }), (prompts) => {
      const turns = packPrompts(prompts).map((packed) => ({ ...turn, ...packed, tokens: 1 }));
      expect(turnPrompts({ turns })).toEqual(prompts);
    }),
  );
  expect(
    packPrompts([
      [1, 2, 3],
      [1, 2, 4, 5],
    ]),
  ).toEqual([
    { promptKeeps: 0, promptAdds: [1, 2, 3] },
    { promptKeeps: 2, promptAdds: [4, 5] },
  ]);
});
