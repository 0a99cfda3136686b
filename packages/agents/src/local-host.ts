import { EnvironmentError, type Episode, environmentNamed, type StepInfo } from '@residency/environments';
import type { EpisodeHost, HostAnswer } from './host.js';

const failure = (code: string, message: string): HostAnswer => ({
  kind: 'failure',
  failure: { code, message },
});
const START: Pick<StepInfo, 'won' | 'outcome'> = { won: false, outcome: null };

/** A host of the environments of this process; nothing is done before an episode is opened. */
export function createLocalHost(): EpisodeHost {
  const episodes = new Map<number, Episode>();
  return {
    async open(number, { environment, task, seed }) {
      try {
        const episode = environmentNamed(environment).open({ task, seed });
        episodes.set(number, episode);
        const { text, admissible, anchor } = episode.observe();
        const view = { text, admissible, anchor, reward: 0, done: false, isAdmissible: true, ...START };
        return { kind: 'view', view };
      } catch (thrown) {
        if (thrown instanceof EnvironmentError) return failure(thrown.code, thrown.message);
        throw thrown;
      }
    },
    async act(number, action) {
      const episode = episodes.get(number);
      if (episode === undefined) return failure('episode_unknown', `episode ${number} is not open`);
      const { text, admissible, anchor, reward, done, info } = episode.act(action);
      const { isValid: isAdmissible, won, outcome } = info;
      if (done) episodes.delete(number);
      return { kind: 'view', view: { text, admissible, anchor, reward, done, isAdmissible, won, outcome } };
    },
    async close(number) {
      episodes.delete(number);
    },
  };
}
