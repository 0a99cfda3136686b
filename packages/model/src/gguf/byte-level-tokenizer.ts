import type { Metadata } from './metadata.js';
import { type PreTokenizer, preTokenizerJson, preTokenizerOf } from './pre-tokenizers.js';
import type { TokenizerParts } from './tokenizer-json.js';
import type { Vocabulary } from './vocabulary.js';

/**
 * Byte-level BPE (`tokenizer.ggml.model` "gpt2"): tokens and merges are spelled with one printable character
 * per byte.
 * @throws ModelError `MODEL_CONFIG` for merges that are missing or of unknown tokens, an unknown
 * pre-tokenizer
 */
export function byteLevelParts(metadata: Metadata, vocabulary: Vocabulary): TokenizerParts {
  const pre: PreTokenizer = preTokenizerOf(metadata);
  return {
    normalizer: pre.normalizer === null ? null : { type: pre.normalizer },
    preTokenizer: preTokenizerJson(pre),
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre.ignoresMerges,
    },
    merges: readMerges(metadata, vocabulary),
    addsBos: pre.addsBos,
    defaults: { bos: null, eos: null, unk: null },
  };
}

function readMerges(metadata: Metadata, { tokens }: Vocabulary): readonly (readonly [string, string])[] {
  const key = 'tokenizer.ggml.merges';
  const known = new Set(tokens);
  const merges = metadata.texts(key);
  if (merges === null) throw metadata.error(key, 'a list of merges');
  return merges.map((merge, i) => {
    const [left = '', right = '', ...others] = merge.split(' ');
    if (others.length === 0 && known.has(left) && known.has(right) && known.has(left + right))
      return [left, right];
    throw metadata.error(key, `two tokens that make a third (merge ${i} is ${JSON.stringify(merge)})`);
  });
}
