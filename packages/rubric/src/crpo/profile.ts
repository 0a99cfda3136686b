import { CRPO_TAGS, RELEASED_TAGS, type TagNames } from '../structure.js';
import type { ChoicePenalties } from './boxes.js';

export type ProfileName = 'crpo-paper' | 'grpo-released';

/** What a profile fixes, and the constants it has where a grader gives none. */
export interface Profile {
  /** Names of the three components, in their order. */
  readonly components: readonly [accuracy: string, reasoning: string, consistency: string];
  readonly tags: TagNames;
  readonly penalties: ChoicePenalties;
  /** What the bonus of the reasoning component is for: an answer that cites its reasoning, or one with a summary. */
  readonly bonusFor: 'cross-reference' | 'summary';
  /** Whether completions are normalised as the released scorer does, and weighed by the split of their item. */
  readonly isReleased: boolean;
  /** Where text ends, for profiles that cut there. */
  readonly endOfText: string;
}

/** Both published scorers: the paper's (CRPO specification 2.3) and the released code's (2.1 and 2.2). */
export const profiles: { readonly [N in ProfileName]: Profile } = {
  'crpo-paper': {
    components: ['accuracy', 'clinical_reasoning', 'consistency'],
    tags: CRPO_TAGS,
    penalties: { perBox: 0, noBraces: 0, notALetter: 0 },
    bonusFor: 'cross-reference',
    isReleased: false,
    endOfText: '',
  },
  'grpo-released': {
    components: ['accuracy', 'format', 'english'],
    tags: RELEASED_TAGS,
    penalties: { perBox: -1, noBraces: -1, notALetter: -0.5 },
    bonusFor: 'summary',
    isReleased: true,
    endOfText: '<|im_end|>',
  },
};
