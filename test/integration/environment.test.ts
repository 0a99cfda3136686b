import { environments, type Observation } from '@residency/environments';
import {
  EnvironmentService,
  type EpisodeCommand,
  type EpisodeResponse,
  episodeRequestToProto,
  episodeResponseFromProto,
  openClient,
} from '@residency/protocol';
import { type RunningService, readConfig, stopService } from '@residency/service';
import { rewardEnvironmentFields, startRewardEnvironment } from '@residency/service-reward-environment';
import { describe, expect, it } from 'vitest';
import { signalled } from '../support/signalled.js';

/** A player of one stream: sends a command, waits for its answer. */
interface Player extends AsyncDisposable {
  send(episodeId: string, command: EpisodeCommand): Promise<EpisodeResponse>;
  /** Sends a message as it is. */
  sendMessage(message: PlayMessage): Promise<EpisodeResponse>;
}

type PlayMessage = ReturnType<typeof episodeRequestToProto>;

const start = (env: Record<string, string> = {}): Promise<RunningService> =>
  startRewardEnvironment(
    readConfig(rewardEnvironmentFields, {
      RESIDENCY_HTTP_PORT: '0',
      RESIDENCY_GRPC_PORT: '0',
      RESIDENCY_LOG_LEVEL: 'silent',
      ...env,
    }),
  );

function player(service: RunningService): Player {
  const client = openClient(EnvironmentService, { address: service.addresses['grpc'] ?? '' });
  const queue: PlayMessage[] = [];
  let wake = signalled();
  let isOver = false;
  const requests = async function* () {
    for (;;) {
      const next = queue.shift();
      if (next !== undefined) yield next;
      else if (isOver) return;
      else {
        await wake.promise;
        wake = signalled();
      }
    }
  };
  const answers = client.play(requests(), { deadlineMs: 20_000 })[Symbol.asyncIterator]();
  const sendMessage = async (message: PlayMessage): Promise<EpisodeResponse> => {
    queue.push(message);
    wake.resolve();
    const answer = await answers.next();
    if (answer.done) throw new Error('the stream ended');
    return episodeResponseFromProto(answer.value);
  };
  return {
    send: (episodeId, command) => sendMessage(episodeRequestToProto({ episodeId, command })),
    sendMessage,
    async [Symbol.asyncDispose]() {
      isOver = true;
      wake.resolve();
      await answers.next();
      client.close();
    },
  };
}

const open: EpisodeCommand = { kind: 'open', environment: 'triage', task: {}, seed: 11 };

async function scrape(service: RunningService): Promise<string> {
  return await (await fetch(`http://${service.addresses['http']}/metrics`)).text();
}

describe('an episode', () => {
  it('played over the stream is the one that the environment itself plays', async () => {
    const service = await start();
    const own = environments['triage']?.open({ task: {}, seed: 11 });
    if (own === undefined) throw new Error('no triage');
    {
      await using play = player(service);
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
    const service = await start();
    {
      await using play = player(service);
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
    const service = await start();
    {
      await using play = player(service);
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
    const service = await start({ RESIDENCY_MAX_EPISODES: '2' });
    {
      await using second = player(service);
      {
        await using first = player(service);
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
    const service = await start({ RESIDENCY_EPISODE_IDLE_MS: '100', RESIDENCY_MAX_EPISODES: '1' });
    {
      await using play = player(service);
      await play.send('a', open);
      await expect.poll(() => scrape(service), { timeout: 5_000 }).toContain('outcome="expired"');

      expect((await play.send('a', { kind: 'act', action: 'look' })).result).toMatchObject({
        kind: 'failure',
        error: { code: 'deadline_exceeded' },
      });
      expect((await play.send('b', open)).result.kind).toBe('observation');
    }
    await stopService(service);
  });
});
