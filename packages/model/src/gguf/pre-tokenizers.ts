import type { Metadata } from './metadata.js';

type Json = Readonly<Record<string, unknown>>;

/** How text is cut before merges apply, and what else the name in `tokenizer.ggml.pre` stands for. */
export interface PreTokenizer {
  /** Patterns that cut one after another: each match is a piece, and so is what lies between matches. */
  readonly splits: readonly string[];
  /** Whether the pieces are cut by GPT-2's pattern last. */
  readonly hasGpt2Split: boolean;
  /** `NFC` where the text is brought to that form first. */
  readonly normalizer: 'NFC' | null;
  /** Whether a piece that is a token itself is never built from merges. */
  readonly ignoresMerges: boolean;
  /** Whether a text begins with the BOS token in a file that does not say so. */
  readonly addsBos: boolean;
}

const GPT2: PreTokenizer = {
  splits: [],
  hasGpt2Split: true,
  normalizer: null,
  ignoresMerges: false,
  addsBos: false,
};

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const REST = '| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+';

const SMOLLM: PreTokenizer = { ...GPT2, splits: ['\\p{N}'] };

const QWEN2: PreTokenizer = {
  ...GPT2,
  splits: [`${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}${REST}`],
  hasGpt2Split: false,
  normalizer: 'NFC',
};

const LLAMA3: PreTokenizer = {
  ...GPT2,
  splits: [`${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}${REST}`],
  hasGpt2Split: false,
  ignoresMerges: true,
  addsBos: true,
};

/**
 * Pre-tokenizers by `tokenizer.ggml.pre`, as llama.cpp knows them (llama-vocab.cpp) and as the tokenizer.json
 * of the models that the names come from have them: SmolLM2, Qwen2, Llama 3, GPT-2. `default` is a file of
 * unknown kind, which transformers reads as GPT-2's.
 */
const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  default: GPT2,
  'gpt-2': GPT2,
  smollm: SMOLLM,
  qwen2: QWEN2,
  'deepseek-r1-qwen': QWEN2,
  'llama-bpe': LLAMA3,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
};

/** @throws ModelError `MODEL_CONFIG` for a name that is not known */
export function preTokenizerOf(metadata: Metadata): PreTokenizer {
  const name = metadata.text('tokenizer.ggml.pre') ?? 'default';
  const found = Object.hasOwn(PRE_TOKENIZERS, name) ? PRE_TOKENIZERS[name] : undefined;
  if (found) return found;
  throw metadata.error('tokenizer.ggml.pre', Object.keys(PRE_TOKENIZERS).join(', '));
}

/** The `pre_tokenizer` of a tokenizer.json. */
export function preTokenizerJson({ splits, hasGpt2Split }: PreTokenizer): Json {
  const byteLevel = {
    type: 'ByteLevel',
    add_prefix_space: false,
    trim_offsets: true,
    use_regex: hasGpt2Split,
  };
  const cuts = splits.map((Regex) => ({
    type: 'Split',
    pattern: { Regex },
    behavior: 'Isolated',
    invert: false,
  }));
  return cuts.length === 0 ? byteLevel : { type: 'Sequence', pretokenizers: [...cuts, byteLevel] };
}
