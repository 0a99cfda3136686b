import { ModelError } from '../errors.js';
import type { Metadata } from './metadata.js';

/** What a token is for (`llama_token_type` of llama.h). */
export type TokenKind = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

/** Kinds by their number in `tokenizer.ggml.token_type`; 0 is undefined and means a normal token. */
const KINDS: readonly TokenKind[] = [
  'normal',
  'normal',
  'unknown',
  'control',
  'user-defined',
  'unused',
  'byte',
];

/** The tokens of a file; the index of a token is its id. */
export interface Vocabulary {
  readonly tokens: readonly string[];
  readonly kinds: readonly TokenKind[];
}

/**
 * Reads the tokens and their kinds.
 * @throws ModelError `MODEL_CONFIG` for lists that are missing or do not fit, two equal tokens, more tokens
 * than the `rows` of the embedding
 */
export function readVocabulary(metadata: Metadata, rows: number, path: string): Vocabulary {
  const tokens = metadata.texts('tokenizer.ggml.tokens');
  if (tokens === null || tokens.length === 0)
    throw metadata.error('tokenizer.ggml.tokens', 'a list of at least one token');
  if (tokens.length > rows)
    throw metadata.error('tokenizer.ggml.tokens', `at most the ${rows} rows of the embedding`);
  const types = metadata.numbers('tokenizer.ggml.token_type') ?? tokens.map(() => 1);
  if (types.length !== tokens.length)
    throw metadata.error('tokenizer.ggml.token_type', `one number for each of ${tokens.length} tokens`);
  const kinds = types.map((type, id) => {
    const kind = KINDS[type];
    if (kind) return kind;
    throw metadata.error(
      'tokenizer.ggml.token_type',
      `numbers from 0 to ${KINDS.length - 1} (token ${id} has ${type})`,
    );
  });
  refuseTwins(tokens, path);
  return { tokens, kinds };
}

function refuseTwins(tokens: readonly string[], path: string): void {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    const other = ids.get(token);
    if (other !== undefined) {
      throw new ModelError(
        'MODEL_CONFIG',
        `${path}: tokenizer.ggml.tokens has ${JSON.stringify(token)} at ${other} and ${id}, want it once`,
      );
    }
    ids.set(token, id);
  }
}
