import { EnvironmentError, type Episode, environmentNamed } from '@residency/environments';
import { openedView, steppedView } from './episode-view.js';
import type { EpisodeHost, HostAnswer } from './host.js';

const failure = (code: string, message: string): HostAnswer => ({
  kind: 'failure',
  failure: { code, message },
});

/** A host of the environments of this process; nothing is done before an episode is opened. */
export function createLocalHost(): EpisodeHost {
  const episodes = new Map<number, Episode>();
  return {
    async open(number, { environment, task, seed }) {
      try {
        const episode = environmentNamed(environment).open({ task, seed });
        episodes.set(number, episode);
        return openedView(episode.observe());
      } catch (thrown) {
        if (thrown instanceof EnvironmentError) return failure(thrown.code, thrown.message);
        throw thrown;
      }
    },
    async act(number, action) {
      const episode = episodes.get(number);
      if (episode === undefined) return failure('episode_unknown', `episode ${number} is not open`);
      const step = episode.act(action);
      if (step.done) episodes.delete(number);
      return steppedView(step);
    },
    async close(number) {
      episodes.delete(number);
    },
  };
}
