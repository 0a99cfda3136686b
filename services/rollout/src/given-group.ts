import type { SampledCompletion, SampledGroup } from '@residency/protocol';
import { byTemplate, encodePrompt, type PromptRequest } from './encode-prompt.js';

/**
 * The group of a row that is learned from as it stands: the answer of a demonstration, or the better and the worse answer of a
 * preference. They were sampled by nobody, so that their log-probabilities are 0.
 * @throws ResidencyError `prompt_too_long`, `invalid_dataset`
 */
export function givenGroup(request: PromptRequest): SampledGroup {
  const { payload, row, tokenizer } = request;
  const { phase, step, index, item, policy } = payload;
  const samples = row.targets.map((text): SampledCompletion => {
    const ids = byTemplate(payload, () => tokenizer.encodeAnswer(row.messages, text));
    return { ids, logprobs: ids.map(() => 0), temperature: 1, stopReason: 'stop', text };
  });
  const longest = Math.max(...samples.map(({ ids }) => ids.length));
  const promptIds = encodePrompt(request, { newTokens: longest, what: `an answer of ${longest}` });
  return { phase, step, index, item, policy, promptIds, samples };
}
