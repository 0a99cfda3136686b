import { ResidencyError } from '@residency/protocol';
import { describe, expect, it } from 'vitest';
import { withEnvironments } from '../support/environment-service.js';
import { openPlayer, scrape } from '../support/episode-player.js';
import { act, acting, at, builtIn, clinic, failure, soon } from '../support/forwarded-episodes.js';
import { type Answer, answerOf, type Script, seen, startScripted } from '../support/scripted-environment.js';

const observation = (value: object): Answer =>
  ({ result: { case: 'observation', value: { infoJson: '{}', ...value } } }) as Answer;
const failed = (code: string): Answer => ({ result: { case: 'failure', value: { code, message: 'why' } } });

describe('an answer that breaks the contract', () => {
  it.each<[string, Answer, RegExp]>([
    ['no result', {}, /^clinic: result: found nothing/],
    ['a close', { result: { case: 'closed', value: {} } }, /^clinic: result: found a close/],
    ['a list as info', observation({ infoJson: '[1]' }), /^clinic: info_json: found JSON of another kind/],
    ['info that is not JSON', observation({ infoJson: '{' }), /^clinic: info_json: found text that is not/],
    ['no info', observation({ infoJson: '' }), /^clinic: info_json/],
    ['an infinite reward', observation({ reward: Number.NEGATIVE_INFINITY }), /^clinic: reward: found -Inf/],
    ['a failure', failed('environment_failed'), /^clinic: why$/],
    ['a failure of another kind of service', failed('invalid_api_key'), /^clinic: why$/],
    ['a failure without a known code', failed('E42'), /^clinic: why$/],
  ])('fails the episode and no other: %s', async (_what, answer, reason) => {
    await using remote = await startScripted(
      acting(({ episodeId, command }, { write }) => {
        const isBad = command.kind === 'act' && command.action === 'bad';
        write(isBad ? { ...answer, episodeId } : answerOf(episodeId, seen()));
      }),
    );
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service);
      await Promise.all([play.view('a', clinic), play.view('b', clinic)]);

      expect(await play.send('a', act('bad'))).toMatchObject(failure('environment_failed', reason));
      expect(await play.send('a', act('on'))).toMatchObject(failure('episode_unknown'));
      await play.view('b', act('on'));
      expect(await scrape(service)).toMatch(/outcome="failed",[^}]*} 1/);
      // The server that failed the episode has ended it; any other is told that nobody wants it any more.
      const closes = remote.requests.filter(({ command }) => command.kind === 'close');
      expect(closes).toHaveLength(answer.result?.case === 'failure' ? 0 : 1);
    });
  });

  it.each(['deadline_exceeded', 'environment_unknown', 'episode_limit', 'service_unavailable'] as const)(
    'is not the code %s, which an environment may give for itself',
    async (code) => {
      const error = new ResidencyError(code, 'why');
      await using remote = await startScripted(({ episodeId }, { write }) =>
        write(answerOf(episodeId, { kind: 'failure', error })),
      );
      await withEnvironments(at(remote.address), async (service) => {
        await using play = openPlayer(service);

        expect(await play.send('a', clinic)).toMatchObject(failure(code, /^clinic: why$/));
        expect(await scrape(service)).toContain('residency_episodes{service="reward-environment"} 0');
      });
    },
  );

  it.each<[string, Answer, RegExp]>([
    ['a reward', answerOf('', seen({ reward: 1 })), /^clinic: reward: found 1 on opening, wanted 0$/],
    ['an end', answerOf('', seen({ done: true })), /^clinic: done: found true on opening, wanted false$/],
  ])('fails an opening: %s', async (_what, answer, reason) => {
    await using remote = await startScripted(({ episodeId }, { write }) => write({ ...answer, episodeId }));
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service);

      expect(await play.send('a', clinic)).toMatchObject(failure('environment_failed', reason));
      // The server still has the episode, and is told that nobody wants it.
      await expect
        .poll(() => remote.requests.map(({ command }) => command.kind), soon)
        .toEqual(['open', 'close']);
    });
  });

  it.each<[string, Script]>([
    ['for an episode that was never opened', (_, { write }) => write(answerOf('stranger', seen()))],
    [
      'given twice',
      ({ episodeId }, { write }) => {
        write(answerOf(episodeId, seen({ text: 'once' })));
        write(answerOf(episodeId, seen({ text: 'twice' })));
      },
    ],
    [
      'after the last',
      ({ episodeId }, { write }) => {
        write(answerOf(episodeId, seen({ done: true })));
        write(answerOf(episodeId, seen({ done: true })));
      },
    ],
  ])('fails every episode of its stream where it answers no request: %s', async (_what, script) => {
    await using remote = await startScripted(acting(script));
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service);
      await Promise.all([play.view('a', clinic), play.view('b', clinic), play.view('c', builtIn)]);

      await play.send('a', act('bad'));

      await expect.poll(() => remote.openStreams(), soon).toBe(0);
      expect(await play.send('b', act('on'))).toMatchObject(
        failure('environment_failed', /^clinic: episode_id: found an answer for "(stranger|1)"/),
      );
      await play.view('c', act('look'));
      // Another stream takes its place.
      await play.view('b', clinic);
    });
  });
});
