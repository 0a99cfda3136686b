import type { Engine } from '@residency/model';
import { ResidencyError, type RolloutPayload } from '@residency/protocol';
import type { DatasetRow } from '@residency/storage';
import type { Tokenizer } from '@residency/text';

/** The part of a tokenizer that groups need. */
export type PromptTokenizer = Pick<
  Tokenizer,
  'applyChatTemplate' | 'encodeAnswer' | 'encodeReply' | 'decode' | 'stopIds'
>;

export interface PromptRequest {
  readonly payload: RolloutPayload;
  readonly row: DatasetRow;
  readonly engine: Engine;
  readonly tokenizer: PromptTokenizer;
}

/** What a template makes of a row. @throws ResidencyError `invalid_dataset` naming the row */
export function byTemplate<T>({ item }: RolloutPayload, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ResidencyError('invalid_dataset', `row ${item + 1}: chat template: ${reason}`, { cause });
  }
}

/**
 * Ids of a row's prompt, behind which a number of tokens must fit; `what` calls them by their name.
 * @throws ResidencyError `prompt_too_long`, `invalid_dataset`
 */
export function encodePrompt(
  request: PromptRequest,
  { newTokens, what }: { readonly newTokens: number; readonly what: string },
): number[] {
  const { payload, row, tokenizer, engine } = request;
  const ids = byTemplate(payload, () =>
    tokenizer.applyChatTemplate(row.messages, { addGenerationPrompt: true }),
  );
  const { maxPositions } = engine.model;
  if (ids.length === 0 || ids.length + newTokens > maxPositions) {
    throw new ResidencyError(
      'prompt_too_long',
      `row ${payload.item + 1}: found ${ids.length} prompt tokens and ${what}, ` +
        `wanted 1 to ${maxPositions} together`,
    );
  }
  return ids;
}
