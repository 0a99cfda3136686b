import { type Client, EnvironmentService, openClient, ResidencyError } from '@residency/protocol';
import { describe, expect, it } from 'vitest';
import { type EpisodeStream, openEpisodeStream } from '../../../services/rollout/src/episode-stream.js';
import { answerOf, type Script, seen, startScripted } from '../../support/scripted-environment.js';
import { signalled } from '../../support/signalled.js';

const opening = { environment: 'clinic', task: {}, seed: 1 };

interface Harness extends AsyncDisposable {
  readonly stream: EpisodeStream;
  /** Ends whatever the stream was opened under. */
  readonly player: AbortController;
  /** Ends the server without a word. */
  shutDown(): Promise<void>;
  /** Commands that the server has heard of, by kind. */
  heard(kind: string): number;
}

async function open(script: Script, commandMs = 10_000): Promise<Harness> {
  const server = await startScripted(script);
  const client: Client<typeof EnvironmentService> = openClient(EnvironmentService, {
    address: server.address,
  });
  const player = new AbortController();
  const stream = openEpisodeStream({ client, streamMs: 60_000, commandMs, signal: player.signal });
  return {
    stream,
    player,
    shutDown: async () => server[Symbol.asyncDispose](),
    heard: (kind) => server.requests.filter(({ command }) => command.kind === kind).length,
    async [Symbol.asyncDispose]() {
      await stream.end();
      client.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Answers openings; `act` decides on actions. */
const opens =
  (act: Script): Script =>
  (request, stream) => {
    if (request.command.kind === 'open')
      stream.write(answerOf(request.episodeId, seen({ admissible: ['rest'] })));
    else if (request.command.kind === 'act') act(request, stream);
    else stream.write(answerOf(request.episodeId, { kind: 'closed' }));
  };

describe('episodes over a stream', () => {
  it('are opened and acted in, several at once', async () => {
    await using test = await open(
      opens(({ episodeId, command }, stream) => {
        const text = command.kind === 'act' ? command.action : '';
        stream.write(
          answerOf(
            episodeId,
            seen({ text, reward: 2, info: { won: true, outcome: 'rested', isValid: false } }),
          ),
        );
      }),
    );

    await Promise.all([0, 1, 2].map((episode) => test.stream.open(episode, opening)));
    const answers = await Promise.all(
      [0, 1, 2].map((episode) => test.stream.act(episode, `rest ${episode}`)),
    );

    expect(answers).toEqual(
      [0, 1, 2].map((episode) => ({
        kind: 'view',
        view: expect.objectContaining({
          text: `rest ${episode}`,
          reward: 2,
          won: true,
          outcome: 'rested',
          isAdmissible: false,
        }),
      })),
    );
  });

  it('end by what the service says of them, the others go on', async () => {
    await using test = await open(
      opens(({ episodeId }, stream) => {
        const error = new ResidencyError('environment_failed', 'the patient left');
        stream.write(answerOf(episodeId, episodeId.endsWith('0') ? { kind: 'failure', error } : seen()));
      }),
    );
    await Promise.all([0, 1].map((episode) => test.stream.open(episode, opening)));

    expect(await test.stream.act(0, 'rest')).toEqual({
      kind: 'failure',
      failure: { code: 'environment_failed', message: 'the patient left' },
    });
    expect(await test.stream.act(1, 'rest')).toMatchObject({ kind: 'view' });
  });

  it('are all played again where there is no place, or an episode had waited too long', async () => {
    for (const code of ['episode_limit', 'episode_expired', 'service_unavailable'] as const) {
      await using test = await open(
        opens(({ episodeId }, stream) =>
          stream.write(answerOf(episodeId, { kind: 'failure', error: new ResidencyError(code, 'no') })),
        ),
      );
      await test.stream.open(0, opening);
      await expect(test.stream.act(0, 'rest')).rejects.toMatchObject({ code });
    }
  });

  it('are cancelled with their player, and no episode is said to have failed', async () => {
    const asked = signalled();
    await using test = await open(opens(() => asked.resolve()));
    await test.stream.open(0, opening);

    const answer = test.stream.act(0, 'rest');
    await asked.promise;
    test.player.abort();

    await expect(answer).rejects.toMatchObject({ code: 'cancelled' });
    await expect(test.stream.act(0, 'rest')).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('are played again where the service goes away in the middle of an action', async () => {
    const asked = signalled();
    await using test = await open(opens(() => asked.resolve()));
    await test.stream.open(0, opening);

    const answer = test.stream.act(0, 'rest');
    const rejected = expect(answer).rejects.toMatchObject({ code: 'service_unavailable' });
    await asked.promise;
    await test.shutDown();

    await rejected;
  });

  it('are played again where the service answers nothing at all, and its stream is not waited for', async () => {
    await using test = await open(
      opens(() => undefined),
      150,
    );
    await test.stream.open(0, opening);

    await expect(test.stream.act(0, 'rest')).rejects.toMatchObject({
      code: 'service_unavailable',
      message: 'environment stream: found no answer at all in 150 ms',
    });
  });

  it('lose the one whose action is late while others are answered, and give its place back', async () => {
    const late = signalled();
    await using test = await open(
      opens(({ episodeId }, stream) => {
        if (episodeId.endsWith('1')) stream.write(answerOf(episodeId, seen()));
        else late.resolve();
      }),
      400,
    );
    await Promise.all([0, 1].map((episode) => test.stream.open(episode, opening)));

    const answer = test.stream.act(0, 'rest');
    await late.promise;
    expect(await test.stream.act(1, 'rest')).toMatchObject({ kind: 'view' });
    expect(await answer).toMatchObject({ kind: 'failure', failure: { code: 'deadline_exceeded' } });
    expect(await test.stream.act(1, 'rest')).toMatchObject({ kind: 'view' });
    expect(test.heard('close')).toBe(1);
  });
});
