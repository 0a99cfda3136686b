import { environments } from '@residency/environments';
import { type EpisodeCommand, type EpisodeRequest, ResidencyError } from '@residency/protocol';
import { stopService } from '@residency/service';
import { describe, expect, it } from 'vitest';
import { startEnvironments, withEnvironments } from '../support/environment-service.js';
import { openPlayer, scrape } from '../support/episode-player.js';
import { act, acting, at, builtIn, clinic, close, failure, soon } from '../support/forwarded-episodes.js';
import { answerOf, honest, type Script, seen, startScripted } from '../support/scripted-environment.js';
import { signalled } from '../support/signalled.js';

/** A server that keeps the acts it is asked for, to be answered when a test says so. */
function withheld() {
  const acts: EpisodeRequest[] = [];
  const release = new Map<string, () => void>();
  const script = acting((request, { write }) => {
    const { episodeId, command } = request;
    acts.push(request);
    const action = command.kind === 'act' ? command.action : '';
    release.set(action, () => write(answerOf(episodeId, seen({ text: action }))));
  });
  return { acts, script, release: (action: string) => release.get(action)?.() };
}

describe('an environment that is registered by address', () => {
  it('plays the episode that it plays by itself, whatever the player calls it', async () => {
    await using remote = await startScripted(honest());
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service, Number.POSITIVE_INFINITY);
      for (const id of ['a', 'another', 'a']) {
        const own = environments['triage']?.open({ task: { maxSteps: 5 }, seed: 11 });
        if (own === undefined) throw new Error('no triage');
        expect(await play.view(id, clinic)).toEqual({ ...own.observe(), reward: 0, done: false, info: {} });
        for (let isOver = false; !isOver; ) {
          const action = own.observe().admissible.at(-1) ?? '';
          const step = own.act(action);
          expect(await play.view(id, act(action))).toEqual({ ...step, info: { ...step.info } });
          isOver = step.done;
        }
        expect(await play.send(id, act('look'))).toMatchObject(failure('episode_unknown'));
      }

      const opened = remote.requests.filter(({ command }) => command.kind === 'open');
      expect(opened.map(({ command }) => command)).toEqual([clinic, clinic, clinic]);
      expect(new Set(opened.map(({ episodeId }) => episodeId)).size).toBe(3);
      expect(await scrape(service)).toContain(
        'residency_episodes_total{outcome="done",service="reward-environment"} 3',
      );
    });
  });

  it('is named where a name is unknown', async () => {
    await using remote = await startScripted(honest());
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service);

      const answer = await play.send('a', { ...clinic, environment: 'clinics' });

      expect(answer).toMatchObject(
        failure(
          'environment_unknown',
          /found "clinics", wanted one of clinic, household, shop, triage, ward$/,
        ),
      );
    });
  });

  it('is told of a close, and counts against the limit on episodes', async () => {
    await using remote = await startScripted(honest());
    await withEnvironments(at(remote.address, { RESIDENCY_MAX_EPISODES: '2' }), async (service) => {
      await using play = openPlayer(service);
      await play.view('a', clinic);
      await play.view('b', builtIn);

      expect(await play.send('c', clinic)).toMatchObject(failure('episode_limit'));
      expect(await play.send('d', builtIn)).toMatchObject(failure('episode_limit'));
      expect(await play.send('a', close)).toMatchObject({ result: { kind: 'closed' } });
      await play.view('c', clinic);
      expect(remote.requests.map(({ command }) => command.kind)).toEqual(['open', 'close', 'open']);
    });
  });

  it('holds up no other episode, and answers within an episode in order', async () => {
    const slow = withheld();
    await using remote = await startScripted(slow.script);
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service);
      await Promise.all([play.view('a', clinic), play.view('b', clinic), play.view('c', builtIn)]);
      const order: string[] = [];
      const noted = async (id: string, command: EpisodeCommand, what: string) => {
        await play.view(id, command);
        order.push(what);
      };
      const first = noted('a', act('first'), 'first');
      const second = noted('a', act('second'), 'second');
      const other = noted('b', act('other'), 'other');
      await noted('c', act('look'), 'built in');
      await expect.poll(() => slow.acts.length, soon).toBe(2);
      slow.release('other');
      await other;
      // The second action of an episode is not asked for before the first is answered.
      expect(slow.acts.map(({ command }) => command)).toEqual([act('first'), act('other')]);
      slow.release('first');
      await first;
      await expect.poll(() => slow.acts.length, soon).toBe(3);
      slow.release('second');
      await second;

      expect(order).toEqual(['built in', 'other', 'first', 'second']);
    });
  });
});

describe('the deadlines of a remote episode', () => {
  it('end one that is not answered, tell its server, and take a late answer for none', async () => {
    const slow = withheld();
    await using remote = await startScripted(slow.script);
    await withEnvironments(
      at(remote.address, { RESIDENCY_ENVIRONMENT_TIMEOUT_MS: '1500' }),
      async (service) => {
        await using play = openPlayer(service);
        await Promise.all([play.view('a', clinic), play.view('b', clinic)]);

        const late = await play.send('a', act('late'));
        await expect.poll(() => remote.requests.at(-1)?.command.kind, soon).toBe('close');
        slow.release('late');
        const next = play.view('b', act('next'));
        await expect.poll(() => slow.acts.length, soon).toBe(2);
        slow.release('next');

        expect(late).toMatchObject(
          failure('deadline_exceeded', /^clinic: found no answer to act in 1500 ms, wanted one in time$/),
        );
        expect((await next).text).toBe('next');
        expect(await play.send('a', act('on'))).toMatchObject(failure('episode_unknown'));
        expect(await scrape(service)).toContain('residency_episodes{service="reward-environment"} 1');
      },
    );
  });

  it('end one whose opening is not answered, and free its place', async () => {
    await using remote = await startScripted(() => undefined);
    const env = { RESIDENCY_ENVIRONMENT_TIMEOUT_MS: '100', RESIDENCY_MAX_EPISODES: '1' };
    await withEnvironments(at(remote.address, env), async (service) => {
      await using play = openPlayer(service);

      expect(await play.send('a', clinic)).toMatchObject(failure('deadline_exceeded', /open in 100 ms/));
      await play.view('b', builtIn);
    });
  });

  it('end one that its player leaves alone, and not one whose answer the player waits for', async () => {
    const slow = withheld();
    await using remote = await startScripted(slow.script);
    await withEnvironments(at(remote.address, { RESIDENCY_EPISODE_IDLE_MS: '1000' }), async (service) => {
      await using play = openPlayer(service);
      await play.view('a', clinic);
      const waits = play.view('a', act('slow'));
      await play.view('b', clinic);
      await expect.poll(() => scrape(service), soon).toMatch(/outcome="expired",[^}]*} 1/);
      slow.release('slow');

      expect((await waits).text).toBe('slow');
      expect(await play.send('b', act('on'))).toMatchObject(failure('episode_expired', /"b"/));
      await expect
        .poll(() => remote.requests.filter(({ command }) => command.kind === 'close'), soon)
        .toHaveLength(2);
    });
  });
});

describe('an environment that is away', () => {
  it('fails an opening, and neither the others of the stream nor the limit suffer', async () => {
    const { address } = await (async () => {
      await using gone = await startScripted(honest());
      return gone;
    })();
    await withEnvironments(at(address, { RESIDENCY_MAX_EPISODES: '1' }), async (service) => {
      await using play = openPlayer(service);

      expect(await play.send('a', clinic)).toMatchObject(failure('service_unavailable', /^clinic: /));
      await play.view('b', builtIn);
    });
  });

  it('fails every episode that it had, waiting or not, and is found again when it is back', async () => {
    const slow = withheld();
    const remote = await startScripted(slow.script);
    const port = Number(remote.address.split(':')[1]);
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service);
      await Promise.all([play.view('a', clinic), play.view('b', clinic), play.view('c', builtIn)]);
      const waits = play.send('a', act('never'));
      await expect.poll(() => slow.acts.length, soon).toBe(1);

      await remote[Symbol.asyncDispose]();

      expect(await waits).toMatchObject(failure('service_unavailable', /^clinic: /));
      // Places are free at once, before the player hears of it.
      const metrics = await scrape(service);
      expect(metrics).toMatch(/outcome="failed",[^}]*} 2/);
      expect(metrics).toContain('residency_episodes{service="reward-environment"} 1');
      expect(await play.send('b', act('on'))).toMatchObject(failure('service_unavailable', /^clinic: /));
      expect(await play.send('b', close)).toMatchObject({ result: { kind: 'closed' } });
      expect(await play.send('b', act('on'))).toMatchObject(failure('episode_unknown'));
      await play.view('c', act('look'));

      await using again = await startScripted(honest(), port);
      await expect.poll(async () => (await play.send('b', clinic)).result.kind, soon).toBe('observation');
      expect(again.openStreams()).toBe(1);
    });
  });

  it('fails the episodes of a stream that it ends', async () => {
    await using remote = await startScripted(acting((_request, { end }) => end()));
    await withEnvironments(at(remote.address), async (service) => {
      await using play = openPlayer(service);
      await play.view('a', clinic);

      expect(await play.send('a', act('x'))).toMatchObject(
        failure('service_unavailable', /^clinic: the environment ended its stream$/),
      );
      // The next one has a stream of its own.
      await play.view('a', clinic);
    });
  });
});

describe('what was opened at an environment', () => {
  it('is let go when the player ends its stream', async () => {
    await using remote = await startScripted(honest());
    await withEnvironments(at(remote.address), async (service) => {
      {
        await using play = openPlayer(service);
        await play.view('a', clinic);
        expect(remote.openStreams()).toBe(1);
      }
      await expect.poll(() => remote.openStreams(), soon).toBe(0);
      const metrics = await scrape(service);
      expect(metrics).toContain('residency_episodes{service="reward-environment"} 0');
      expect(metrics).toMatch(/outcome="abandoned",[^}]*} 1/);
    });
  });

  it.each(['act', 'open'])('is let go when the player cancels while it waits for: %s', async (waitsFor) => {
    const asked = signalled();
    const keep: Script = ({ command, episodeId }, { write }) => {
      if (command.kind === waitsFor) asked.resolve();
      else write(answerOf(episodeId, seen()));
    };
    await using remote = await startScripted(keep);
    await withEnvironments(at(remote.address, { RESIDENCY_MAX_EPISODES: '1' }), async (service) => {
      await using play = openPlayer(service);
      const opening = play.send('a', clinic);
      const answer = waitsFor === 'open' ? opening : opening.then(() => play.send('a', act('x')));
      const outcome = expect(answer).rejects.toMatchObject({ code: 'cancelled' });
      await asked.promise;

      play.cancel();

      await outcome;
      await expect.poll(() => remote.openStreams(), soon).toBe(0);
      await expect
        .poll(() => scrape(service), soon)
        .toContain('residency_episodes{service="reward-environment"} 0');
    });
  });

  it('is let go when the service stops', async () => {
    const asked = signalled();
    await using remote = await startScripted(acting(() => asked.resolve()));
    const service = await startEnvironments(at(remote.address, { RESIDENCY_SHUTDOWN_MS: '1000' }));
    await using play = openPlayer(service);
    await play.view('a', clinic);
    const outcome = expect(play.send('a', act('x'))).rejects.toBeInstanceOf(ResidencyError);
    await asked.promise;

    expect(await stopService(service)).toBe(true);

    await outcome;
    await expect.poll(() => remote.openStreams(), soon).toBe(0);
  });
});
