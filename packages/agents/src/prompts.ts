import { type AgentView, agentPrompt, agentReply, type PromptSettings } from '@residency/environments';
import type { Tokenizer } from '@residency/text';
import type { PlayedTurn } from './played-episode.js';

/**
 * What the policy reads at each turn. `steps`: a message of its own that tells the last few steps, as the reference has it; each
 * response is a training sample (GiGPO specification, section 4). `conversation`: all that was said so far, token by token, with
 * what is seen now behind it; an episode is one sequence, and histories that episodes share are computed once.
 */
export type EpisodeForm = 'steps' | 'conversation';

/** The part of a tokenizer that agents need. */
export type AgentTokenizer = Pick<Tokenizer, 'applyChatTemplate' | 'encodeReply' | 'decode' | 'stopIds'>;

export interface PromptRequest {
  readonly tokenizer: AgentTokenizer;
  readonly settings: PromptSettings;
  readonly view: AgentView;
  /** The turns so far. */
  readonly turns: readonly PlayedTurn[];
}

const stepPrompt = ({ tokenizer, settings, view }: PromptRequest): number[] =>
  tokenizer.applyChatTemplate([{ role: 'user', content: agentPrompt(view, settings) }], {
    addGenerationPrompt: true,
  });

const FORMS: { readonly [F in EpisodeForm]: (request: PromptRequest) => number[] } = {
  steps: stepPrompt,
  conversation: (request) => {
    const last = request.turns.at(-1);
    if (last === undefined) return stepPrompt(request);
    const reply = request.tokenizer.encodeReply(agentReply(request.view, request.settings.style), {
      isEnded: last.stopReason === 'stop',
    });
    return [...last.promptIds, ...last.ids, ...reply];
  },
};

/** Ids of what the policy reads now. */
export const promptIdsOf = (form: EpisodeForm, request: PromptRequest): number[] => FORMS[form](request);
