import type { EpisodeCommand, EpisodeResult } from '@residency/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpisodeHost } from '../../../services/reward-environment/src/episode-host.js';
import { EpisodeSlots } from '../../../services/reward-environment/src/episode-slots.js';
import { type EpisodeOutcome, Episodes } from '../../../services/reward-environment/src/episodes.js';

/** Actions after which an episode of the test's environment is done. */
const LENGTH = 2;

const commands: Readonly<Record<EpisodeCommand['kind'], EpisodeCommand>> = {
  open: { kind: 'open', environment: 'test', task: null, seed: 0 },
  act: { kind: 'act', action: 'go' },
  close: { kind: 'close' },
};

/** An environment whose episodes count their actions; every answer comes when `later` lets it. */
const countingHost = (later: <T>(value: T) => Promise<T>): EpisodeHost => ({
  open: async () => {
    let steps = 0;
    const view = (done: boolean) => ({
      text: `${steps}`,
      admissible: [],
      anchor: '',
      reward: 0,
      done,
      info: {},
    });
    const act = async () => {
      steps += 1;
      return await later(view(steps === LENGTH));
    };
    return { view: await later(view(false)), episode: { act, close: () => undefined } };
  },
});

/** What the commands of one episode are answered, in order. */
function expected(kinds: readonly EpisodeCommand['kind'][]): string[] {
  let steps: number | null = null;
  return kinds.map((kind) => {
    if (kind === 'close') {
      steps = null;
      return 'closed';
    }
    if (kind === 'open') {
      if (steps !== null) return 'invalid_request';
      steps = 0;
      return '0';
    }
    if (steps === null) return 'episode_unknown';
    const taken: number = steps + 1;
    steps = taken === LENGTH ? null : taken;
    return `${taken}`;
  });
}

const shown = (result: EpisodeResult): string => {
  if (result.kind === 'closed') return 'closed';
  return result.kind === 'failure' ? result.error.code : result.view.text;
};

describe('the episodes of a stream', () => {
  it('each see their commands in order, however long each takes, and give every place back', async () => {
    const command = fc.record({
      id: fc.constantFrom('a', 'b', 'c'),
      kind: fc.constantFrom('open' as const, 'act' as const, 'close' as const),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(command, { maxLength: 30 }),
        fc.boolean(),
        async (scheduler, sent, closesEarly) => {
          let open = 0;
          const outcomes: EpisodeOutcome[] = [];
          const host = countingHost((value) => scheduler.schedule(Promise.resolve(value)));
          const episodes = new Episodes({
            findHost: () => host,
            slots: new EpisodeSlots(3, (count) => {
              open = count;
            }),
            idleMs: 60_000,
            onEnd: (outcome) => outcomes.push(outcome),
          });
          const answers = sent.map(async ({ id, kind }) => ({
            id,
            shown: shown(await episodes.handle(id, commands[kind])),
          }));
          if (closesEarly) episodes.close();
          await scheduler.waitFor(Promise.all(answers));
          const found = await Promise.all(answers);
          // What was still being opened when the stream ended is let go as it opens.
          if (!closesEarly) episodes.close();

          expect(open).toBe(0);
          if (closesEarly) return;
          for (const id of ['a', 'b', 'c']) {
            const kinds = sent.filter((one) => one.id === id).map(({ kind }) => kind);
            expect(found.filter((one) => one.id === id).map((one) => one.shown)).toEqual(expected(kinds));
          }
          const opened = found.filter((one) => one.shown === '0').length;
          expect(outcomes).toHaveLength(opened);
        },
      ),
    );
  });
});
