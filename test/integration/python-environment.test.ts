import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EpisodeCommand, EpisodeView } from '@residency/protocol';
import { describe, expect, it } from 'vitest';
import { withEnvironments } from '../support/environment-service.js';
import { openPlayer, type Player, scrape } from '../support/episode-player.js';
import { findPythonTools, type PythonServer, startPythonServer } from '../support/python-server.js';

const tools = findPythonTools();
const documentation = readFileSync(join(import.meta.dirname, '../../docs/environments.md'), 'utf8');
const open = (seed: number, task: unknown = {}) =>
  ({ kind: 'open', environment: 'titration', task, seed }) satisfies EpisodeCommand;
const act = (action: string): EpisodeCommand => ({ kind: 'act', action });

const start = (port = 0): Promise<PythonServer> => {
  if (tools === null) throw new Error('no Python');
  return startPythonServer(tools, port);
};
const at = (server: PythonServer, env: Readonly<Record<string, string>> = {}) => ({
  RESIDENCY_ENVIRONMENTS: `titration=${server.address}`,
  ...env,
});

/** Follows the pressure: what a player of average wits does. */
function nextAction({ text }: EpisodeView): string {
  const pressure = Number(/(\d+) mmHg at dose/.exec(text)?.[1]);
  if (pressure >= 130) return 'increase';
  return pressure < 110 ? 'decrease' : 'keep';
}

async function playToEnd(play: Player, id: string, opening: EpisodeCommand): Promise<EpisodeView[]> {
  const views = [await play.view(id, opening)];
  for (let view = views[0]; view !== undefined && !view.done; view = views.at(-1)) {
    views.push(await play.view(id, act(nextAction(view))));
  }
  return views;
}

describe.skipIf(tools === null)('the Python server of the examples', () => {
  it('plays whole episodes', async () => {
    await using server = await start();
    await withEnvironments(at(server), async (service) => {
      await using play = openPlayer(service);

      const views = await playToEnd(play, 'a', open(7));
      const last = views.at(-1);

      expect(views[0]).toMatchObject({ reward: 0, done: false, info: {} });
      expect(views[0]?.admissible).toContain('increase');
      expect(views[0]?.anchor).toMatch(/^titration; dose \d; pressure \d+; open$/);
      expect(last).toMatchObject({
        reward: 1,
        done: true,
        admissible: [],
        info: { isValid: true, outcome: 'controlled', won: true, steps: views.length - 1 },
      });
      // The documentation shows this episode.
      for (const view of [views[0], views[1], last]) expect(documentation).toContain(view?.text);
      expect(views.slice(1, -1).every(({ reward }) => reward === -0.05)).toBe(true);
      expect(await scrape(service)).toMatch(/residency_episodes_total{outcome="done",[^}]*} 1/);
    });
  });

  it('gives the same episode for the same task, seed and actions, in another process too', async () => {
    const episodes = async (): Promise<EpisodeView[][]> => {
      await using server = await start();
      const played: EpisodeView[][] = [];
      await withEnvironments(at(server), async (service) => {
        await using play = openPlayer(service);
        // All at once: what is beside an episode does not reach it.
        played.push(
          ...(await Promise.all(
            [3, 4, 3, 5].map((seed, index) => playToEnd(play, `${index}`, open(seed, { maxVisits: 20 }))),
          )),
        );
      });
      return played;
    };
    const [first, again] = [await episodes(), await episodes()];

    expect(again).toEqual(first);
    expect(first[2]).toEqual(first[0]);
    expect(first[1]?.[0]?.text).not.toBe(first[0]?.[0]?.text);
  });

  it('takes any text as an action and refuses bad tasks, each with its reason', async () => {
    await using server = await start();
    await withEnvironments(at(server), async (service) => {
      await using play = openPlayer(service);
      await play.view('a', open(1, { maxVisits: 2 }));

      expect(await play.view('a', act('Ünknown\u0000 '.repeat(1000)))).toMatchObject({
        text: 'Nothing happens.',
        info: { isValid: false, outcome: null, steps: 1 },
      });
      expect(await play.send('b', open(1, { maxVisits: 0 }))).toMatchObject({
        result: {
          error: {
            code: 'environment_failed',
            message: 'titration: task.maxVisits: found 0, wanted an integer from 1 to 50',
          },
        },
      });
      expect(await play.view('a', act(' Increase'))).toMatchObject({
        done: true,
        info: { isValid: true, outcome: 'visit limit', won: false },
      });
    });
  });

  it('is under the limit on episodes', async () => {
    await using server = await start();
    await withEnvironments(at(server, { RESIDENCY_MAX_EPISODES: '2' }), async (service) => {
      await using play = openPlayer(service);
      await Promise.all([play.view('a', open(1)), play.view('b', open(2))]);

      expect(await play.send('c', open(3))).toMatchObject({ result: { error: { code: 'episode_limit' } } });
      expect(await play.send('a', { kind: 'close' })).toMatchObject({ result: { kind: 'closed' } });
      await play.view('c', open(3));
    });
  });

  it('fails its episodes with a reason code where it is killed, and is found again', async () => {
    const server = await start();
    await withEnvironments(at(server), async (service) => {
      await using play = openPlayer(service);
      await Promise.all([play.view('a', open(1)), play.view('b', open(2))]);
      await play.view('c', { ...open(3), environment: 'triage' });

      await server.kill();

      for (const id of ['a', 'b']) {
        expect(await play.send(id, act('keep'))).toMatchObject({
          result: { kind: 'failure', error: { code: 'service_unavailable' } },
        });
      }
      expect(await play.send('a', open(1))).toMatchObject({
        result: { kind: 'failure', error: { code: 'service_unavailable' } },
      });
      await play.view('c', act('look'));

      await using _again = await start(Number(server.address.split(':')[1]));
      await expect
        .poll(async () => (await play.send('a', open(1))).result.kind, { timeout: 20_000 })
        .toBe('observation');
    });
    await server[Symbol.asyncDispose]();
  });

  it('stops in order, which ends its streams', async () => {
    await using server = await start();
    await withEnvironments(at(server), async (service) => {
      await using play = openPlayer(service);
      await play.view('a', open(1));

      expect(await server.stop()).toBe(0);

      expect(await play.send('a', act('keep'))).toMatchObject({
        result: { kind: 'failure', error: { code: 'service_unavailable' } },
      });
    });
  });
});
