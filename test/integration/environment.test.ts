import { environments, type Observation } from '@residency/environments';
import type { EpisodeCommand } from '@residency/protocol';
import { stopService } from '@residency/service';
import { describe, expect, it } from 'vitest';
import { startEnvironments } from '../support/environment-service.js';
import { openPlayer, type PlayMessage, scrape } from '../support/episode-player.js';

const open: EpisodeCommand = { kind: 'open', environment: 'triage', task: {}, seed: 11 };

describe('an episode', () => {
  it('played over the stream is the one that the environment itself plays', async () => {
    const service = await startEnvironments();
    const own = environments['triage']?.open({ task: {}, seed: 11 });
    if (own === undefined) throw new Error('no triage');
    {
      await using play = openPlayer(service);
      const first = await play.send('a', open);
      expect(first).toEqual({
        episodeId: 'a',
        result: { kind: 'observation', view: { ...own.observe(), reward: 0, done: false, info: {} } },
      });
      // Measures everything there is, then takes the only kind of action that is left, which ends it.
      let view: Observation = own.observe();
      let actions = 0;
      for (let isOver = false; !isOver; actions++) {
        const action = view.admissible.find((text) => text.startsWith('measure')) ?? view.admissible[0] ?? '';
        const step = own.act(action);
        const answer = await play.send('a', { kind: 'act', action });
        expect(answer.result).toEqual({ kind: 'observation', view: { ...step, info: { ...step.info } } });
        view = step;
        isOver = step.done;
      }
      expect(actions).toBeGreaterThan(3);
      expect(await play.send('a', { kind: 'act', action: 'look' })).toMatchObject({
        result: { kind: 'failure', error: { code: 'episode_unknown' } },
      });
      expect((await play.send('a', { kind: 'close' })).result).toEqual({ kind: 'closed' });
    }
    expect(await scrape(service)).toContain(
      'residency_episodes_total{outcome="done",service="reward-environment"} 1',
    );
    await stopService(service);
  });

  it('does not disturb the others of its stream', async () => {
    const service = await startEnvironments();
    {
      await using play = openPlayer(service);
      await play.send('a', open);
      await play.send('b', { ...open, seed: 12 });
      const failed = await play.send('c', { ...open, environment: 'none' });
      const badTask = await play.send('d', { ...open, task: { maxSteps: -1 } });
      const again = await play.send('a', open);
      const goesOn = await play.send('b', { kind: 'act', action: 'anything' });

      expect(failed.result).toMatchObject({ kind: 'failure', error: { code: 'environment_unknown' } });
      expect(badTask.result).toMatchObject({ kind: 'failure', error: { code: 'environment_failed' } });
      expect(again.result).toMatchObject({ kind: 'failure', error: { code: 'invalid_request' } });
      expect(goesOn.result.kind).toBe('observation');
    }
    await stopService(service);
  });
});

describe('a message that cannot be read', () => {
  it.each<[string, PlayMessage, string]>([
    [
      'a task that is not JSON',
      { episodeId: 'b', command: { case: 'open', value: { environment: 'triage', taskJson: '{', seed: 1 } } },
      'task_json: found text that is not JSON',
    ],
    ['no command', { episodeId: 'b' }, 'command: found nothing, wanted open, act or close'],
  ])('is the failure of its episode, and the others go on: %s', async (_what, message, reason) => {
    const service = await startEnvironments();
    {
      await using play = openPlayer(service);
      await play.send('a', open);

      const answer = await play.sendMessage(message);
      const goesOn = await play.send('a', { kind: 'act', action: 'anything' });

      expect(answer).toMatchObject({
        episodeId: 'b',
        result: { kind: 'failure', error: { code: 'invalid_request', message: reason } },
      });
      expect(goesOn).toMatchObject({ episodeId: 'a', result: { kind: 'observation' } });
    }
    await stopService(service);
  });
});

describe('the limit on episodes', () => {
  it('refuses one more, over all streams, and frees the places of a stream that ends', async () => {
    const service = await startEnvironments({ RESIDENCY_MAX_EPISODES: '2' });
    {
      await using second = openPlayer(service);
      {
        await using first = openPlayer(service);
        await first.send('a', open);
        await second.send('b', open);
        expect((await second.send('c', open)).result).toMatchObject({
          kind: 'failure',
          error: { code: 'episode_limit' },
        });
        expect(await scrape(service)).toContain('residency_episodes{service="reward-environment"} 2');
      }
      await expect
        .poll(async () => (await second.send('c', open)).result.kind, { timeout: 5_000 })
        .toBe('observation');
    }
    await stopService(service);
  });

  it('frees the place of an episode that idles, and tells its player', async () => {
    const service = await startEnvironments({
      RESIDENCY_EPISODE_IDLE_MS: '100',
      RESIDENCY_MAX_EPISODES: '1',
    });
    {
      await using play = openPlayer(service);
      await play.send('a', open);
      await expect.poll(() => scrape(service), { timeout: 5_000 }).toContain('outcome="expired"');

      expect((await play.send('a', { kind: 'act', action: 'look' })).result).toMatchObject({
        kind: 'failure',
        error: { code: 'episode_expired' },
      });
      expect((await play.send('b', open)).result.kind).toBe('observation');
    }
    await stopService(service);
  });
});
