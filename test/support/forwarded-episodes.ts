import type { EpisodeCommand } from '@residency/protocol';
import { expect } from 'vitest';
import { answerOf, type Script, seen } from './scripted-environment.js';

/** Opens an episode of a registered environment. */
export const clinic = {
  kind: 'open' as const,
  environment: 'clinic',
  task: { maxSteps: 5 },
  seed: 11,
} satisfies EpisodeCommand;
/** Opens one that the service hosts itself. */
export const builtIn = {
  kind: 'open' as const,
  environment: 'triage',
  task: {},
  seed: 11,
} satisfies EpisodeCommand;
export const act = (action: string): EpisodeCommand => ({ kind: 'act', action });
export const close: EpisodeCommand = { kind: 'close' };

/** How long a busy machine may take for what comes at once on an idle one. */
export const soon = { timeout: 10_000 };

/** Settings of a service at which `clinic` is registered. */
export const at = (address: string, env: Readonly<Record<string, string>> = {}) => ({
  RESIDENCY_ENVIRONMENTS: `clinic=${address}`,
  ...env,
});

/** Opens and closes as an honest server does, and acts by a script. */
export const acting =
  (script: Script): Script =>
  (request, stream) => {
    const { episodeId, command } = request;
    if (command.kind === 'act') script(request, stream);
    else stream.write(answerOf(episodeId, command.kind === 'open' ? seen() : { kind: 'closed' }));
  };

/** What a failure looks like to a player. */
export const failure = (code: string, message?: RegExp) => ({
  result: {
    kind: 'failure',
    error: { code, ...(message === undefined ? {} : { message: expect.stringMatching(message) }) },
  },
});
