import type { Metadata } from './metadata.js';
import type { TokenizerParts } from './tokenizer-json.js';
import type { Vocabulary } from './vocabulary.js';

/** Longest token in characters: SentencePiece's own limit is 16, and the work grows with its square. */
const MAX_CHARACTERS = 1024;

/** What SentencePiece writes for a space. */
const SPACE = '▁';

/**
 * SentencePiece BPE with byte fallback (`tokenizer.ggml.model` "llama"), as Llama 2's tokenizer.json
 * describes it. The file has scores in place of merges: two neighbours merge where together they are a token,
 * the best score first.
 * @throws ModelError `MODEL_CONFIG` for scores that do not fit, or a normaliser that cannot be expressed
 */
export function sentencePieceParts(metadata: Metadata, vocabulary: Vocabulary): TokenizerParts {
  for (const key of ['precompiled_charsmap', 'remove_extra_whitespaces']) {
    const name = `tokenizer.ggml.${key}`;
    if (metadata.has(name) && metadata.get(name) !== false)
      throw metadata.error(name, 'none (text that is normalised before it is cut is not supported)');
  }
  const long = vocabulary.tokens.findIndex((token) => token.length > MAX_CHARACTERS);
  if (long !== -1)
    throw metadata.error(
      'tokenizer.ggml.tokens',
      `tokens of up to ${MAX_CHARACTERS} characters (not ${long})`,
    );
  const hasPrefix = metadata.flag('tokenizer.ggml.add_space_prefix') ?? true;
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: SPACE };
  const backToSpaces = { type: 'Replace', pattern: { String: SPACE }, content: ' ' };
  const strip = { type: 'Strip', content: ' ', start: 1, stop: 0 };
  return {
    normalizer: hasPrefix
      ? { type: 'Sequence', normalizers: [{ type: 'Prepend', prepend: SPACE }, spaces] }
      : spaces,
    preTokenizer: null,
    decoder: {
      type: 'Sequence',
      decoders: [backToSpaces, { type: 'ByteFallback' }, { type: 'Fuse' }, ...(hasPrefix ? [strip] : [])],
    },
    model: {
      type: 'BPE',
      dropout: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
    },
    merges: mergesOf(vocabulary, readScores(metadata, vocabulary)),
    addsBos: true,
    // llama-vocab.cpp, LLAMA_VOCAB_TYPE_SPM
    defaults: { bos: 1, eos: 2, unk: 0 },
  };
}

function readScores(metadata: Metadata, { tokens }: Vocabulary): readonly number[] {
  const key = 'tokenizer.ggml.scores';
  const scores = metadata.numbers(key);
  if (scores?.length === tokens.length && !scores.some(Number.isNaN)) return scores;
  throw metadata.error(key, `one number for each of ${tokens.length} tokens`);
}

interface Split {
  readonly pair: readonly [string, string];
  readonly score: number;
  /** Ids of the two parts. */
  readonly parts: readonly [number, number];
}

/**
 * Every way to put a token together from two others, in the order in which BPE applies them: by the score of
 * the token, best first, ways to the same token by the ids of their parts, as the tokenizer.json of Llama
 * models has them.
 */
function mergesOf(
  { tokens, kinds }: Vocabulary,
  scores: readonly number[],
): readonly (readonly [string, string])[] {
  const ids = new Map([...tokens.entries()].map(([id, token]) => [token, id]));
  const idOf = (token: string): number | null => {
    const id = ids.get(token);
    return id !== undefined && kinds[id] === 'normal' ? id : null;
  };
  const splits: Split[] = [];
  for (const [token, id] of ids) {
    if (idOf(token) === null) continue;
    const characters = [...token];
    for (let cut = 1; cut < characters.length; cut++) {
      const pair = [characters.slice(0, cut).join(''), characters.slice(cut).join('')] as const;
      const [left, right] = [idOf(pair[0]), idOf(pair[1])];
      if (left === null || right === null) continue;
      splits.push({ pair, score: scores[id] ?? 0, parts: [left, right] });
    }
  }
  splits.sort((a, b) => b.score - a.score || a.parts[0] - b.parts[0] || a.parts[1] - b.parts[1]);
  return splits.map(({ pair }) => pair);
}
