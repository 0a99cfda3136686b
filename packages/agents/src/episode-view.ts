import type { Observation, Step } from '@residency/environments';
import type { HostAnswer } from './host.js';

/** What a host says of an episode that has just been opened. */
export const openedView = ({ text, admissible, anchor }: Observation): HostAnswer => ({
  kind: 'view',
  view: {
    ...{ text, admissible, anchor, reward: 0, done: false },
    ...{ isAdmissible: true, won: false, outcome: null },
  },
});

/** What a host says of an action. */
export const steppedView = ({ text, admissible, anchor, reward, done, info }: Step): HostAnswer => ({
  kind: 'view',
  view: {
    ...{ text, admissible, anchor, reward, done },
    ...{ isAdmissible: info.isValid, won: info.won, outcome: info.outcome },
  },
});
