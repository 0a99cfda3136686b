/**
 * @file Trains a byte-level byte-pair encoding (Sennrich et al., ACL 2016; bytes as symbols as in GPT-2) and writes it as the
 * files of a Hugging Face tokenizer.
 */
import { TextError } from './errors.js';

/** What to train. */
export interface BpeOptions {
  /** Wanted number of tokens, added ones included: at least 256 + the number of added tokens. Fewer result where nothing repeats. */
  readonly vocabSize: number;
  /** Control tokens, in the order of their ids: matched in text before anything else, dropped by decoders that skip them. */
  readonly specialTokens: readonly string[];
  /** Further tokens matched whole, such as tags; decoders keep them. @defaultValue none */
  readonly wholeTokens?: readonly string[];
  /** @defaultValue `DEFAULT_PRE_TOKEN_PATTERN` */
  readonly preTokenPattern?: string;
}

/** The two files of a tokenizer, as objects to be written as JSON. */
export interface BpeFiles {
  readonly tokenizer: TokenizerJson;
  readonly config: TokenizerConfigJson;
}

/** An entry of `added_tokens`. */
export interface AddedTokenJson {
  readonly id: number;
  readonly content: string;
  readonly single_word: boolean;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
  readonly normalized: boolean;
  readonly special: boolean;
}

/** The part of Hugging Face's `tokenizer.json` that a byte-level BPE needs. */
export interface TokenizerJson {
  readonly version: '1.0';
  readonly truncation: null;
  readonly padding: null;
  readonly added_tokens: readonly AddedTokenJson[];
  readonly normalizer: { readonly type: 'NFC' };
  readonly pre_tokenizer: {
    readonly type: 'Sequence';
    readonly pretokenizers: readonly Readonly<Record<string, unknown>>[];
  };
  readonly post_processor: Readonly<Record<string, unknown>>;
  readonly decoder: Readonly<Record<string, unknown>>;
  readonly model: {
    readonly type: 'BPE';
    readonly dropout: null;
    readonly unk_token: null;
    readonly continuing_subword_prefix: '';
    readonly end_of_word_suffix: '';
    readonly fuse_unk: false;
    readonly byte_fallback: false;
    readonly ignore_merges: false;
    readonly vocab: Readonly<Record<string, number>>;
    readonly merges: readonly (readonly [string, string])[];
  };
}

/** Hugging Face's `tokenizer_config.json`. */
export interface TokenizerConfigJson {
  readonly tokenizer_class: 'PreTrainedTokenizerFast';
  readonly add_prefix_space: false;
  readonly clean_up_tokenization_spaces: false;
  readonly bos_token: null;
  readonly eos_token: string | null;
  readonly pad_token: string | null;
  readonly unk_token: null;
  readonly model_max_length: number;
  readonly added_tokens_decoder: Readonly<Record<string, Omit<AddedTokenJson, 'id'>>>;
  readonly chat_template: string;
}

/**
 * GPT-2's split into words, with one change for clinical text: a number keeps its sign, its decimals and its slash, so that
 * ` +1`, ` 8.4` and ` 118/76` can each become one token.
 */
export const DEFAULT_PRE_TOKEN_PATTERN: string =
  "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?[+-]?\\p{N}+(?:[./]\\p{N}+)*| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/** ChatML: each message between its two markers, then the opening of the assistant's turn where one is asked for. */
const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";

/** The characters that stand for the 256 bytes, in id order: printable Latin-1 first, then U+0100 upwards (GPT-2). */
const byteSymbols = (): { readonly ordered: readonly string[]; readonly ofByte: readonly string[] } => {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
  let next = 0x100;
  const ofByte = Array.from({ length: 256 }, (_, byte) => {
    if (isPrintable(byte)) return String.fromCodePoint(byte);
    next += 1;
    return String.fromCodePoint(next - 1);
  });
  return { ordered: [...ofByte].sort(), ofByte };
};

const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Counts the words of the texts, added tokens cut out, each word spelled in byte symbols; in order of first occurrence. */
const countWords = (
  texts: readonly string[],
  pattern: string,
  added: readonly string[],
  ofByte: readonly string[],
): Map<string, number> => {
  const cut = added.length === 0 ? null : new RegExp(added.map(escapePattern).join('|'), 'u');
  const word = new RegExp(pattern, 'gu');
  const encoder = new TextEncoder();
  const raw = new Map<string, number>();
  for (const text of texts) {
    const normal = text.normalize('NFC');
    for (const piece of cut === null ? [normal] : normal.split(cut)) {
      for (const [found] of piece.matchAll(word)) raw.set(found, (raw.get(found) ?? 0) + 1);
    }
  }
  const counts = new Map<string, number>();
  for (const [text, count] of raw) {
    counts.set(Array.from(encoder.encode(text), (byte) => ofByte[byte] ?? '').join(''), count);
  }
  return counts;
};

interface Word {
  ids: number[];
  readonly count: number;
}

interface Pair {
  readonly left: number;
  readonly right: number;
  count: number;
  /** Indices of the words that hold the pair, or once held it. */
  readonly words: Set<number>;
}

/** Above any id, so that left * PAIR_BASE + right names one pair. */
const PAIR_BASE = 2 ** 24;

/** The pairs of neighbouring ids in the corpus and how often each occurs; kept right while words are rewritten. */
const createPairTable = (words: readonly Word[]) => {
  const pairs = new Map<number, Pair>();

  const count = (index: number, word: Word, sign: 1 | -1): void => {
    for (let at = 0; at + 1 < word.ids.length; at += 1) {
      const left = word.ids[at] ?? 0; // both positions lie inside the word
      const right = word.ids[at + 1] ?? 0;
      const key = left * PAIR_BASE + right;
      const pair = pairs.get(key) ?? { left, right, count: 0, words: new Set<number>() };
      pair.count += sign * word.count;
      pair.words.add(index);
      if (pair.count > 0) pairs.set(key, pair);
      else pairs.delete(key);
    }
  };

  /** The most frequent pair; among equals the one with the smallest ids, so that nothing depends on the order of texts. */
  const best = (): Pair | undefined => {
    let chosen: Pair | undefined;
    for (const pair of pairs.values()) {
      const isBetter =
        chosen === undefined ||
        pair.count > chosen.count ||
        (pair.count === chosen.count &&
          (pair.left < chosen.left || (pair.left === chosen.left && pair.right < chosen.right)));
      if (isBetter) chosen = pair;
    }
    return chosen;
  };

  const merge = (pair: Pair, id: number): void => {
    for (const index of [...pair.words].sort((a, b) => a - b)) {
      const word = words[index];
      if (word === undefined) continue;
      count(index, word, -1);
      const merged: number[] = [];
      for (let at = 0; at < word.ids.length; at += 1) {
        const isHere = word.ids[at] === pair.left && word.ids[at + 1] === pair.right;
        merged.push(isHere ? id : (word.ids[at] ?? 0));
        if (isHere) at += 1;
      }
      word.ids = merged;
      count(index, word, 1);
    }
  };

  words.forEach((word, index) => {
    count(index, word, 1);
  });
  return { best, merge };
};

const learnMerges = (
  counts: ReadonlyMap<string, number>,
  symbols: readonly string[],
  size: number,
): { readonly vocab: Map<string, number>; readonly merges: [string, string][] } => {
  const vocab = new Map(symbols.map((symbol, id) => [symbol, id]));
  const texts = [...symbols];
  const words = [...counts].map(([text, count]) => ({
    ids: Array.from(text, (symbol) => vocab.get(symbol) ?? 0),
    count,
  }));
  const table = createPairTable(words);
  const merges: [string, string][] = [];
  while (texts.length < size) {
    const pair = table.best();
    // A pair seen once compresses nothing.
    if (pair === undefined || pair.count < 2) break;
    const left = texts[pair.left] ?? '';
    const right = texts[pair.right] ?? '';
    const known = vocab.get(left + right);
    const id = known ?? texts.length;
    if (known === undefined) {
      vocab.set(left + right, id);
      texts.push(left + right);
    }
    merges.push([left, right]);
    table.merge(pair, id);
  }
  return { vocab, merges };
};

const checkOptions = (options: BpeOptions, added: readonly string[]): void => {
  const least = 256 + added.length;
  if (!Number.isSafeInteger(options.vocabSize) || options.vocabSize < least) {
    throw new TextError(
      'TEXT_FIELD',
      `trainBpe: vocabSize is ${options.vocabSize}, want a whole number of at least ${least} (256 bytes and ${added.length} added tokens)`,
    );
  }
  const repeated = added.find((token, index) => token === '' || added.indexOf(token) !== index);
  if (repeated !== undefined) {
    throw new TextError(
      'TEXT_FIELD',
      `trainBpe: added token ${JSON.stringify(repeated)} is empty or repeated, want distinct non-empty tokens`,
    );
  }
};

/**
 * Trains a byte-level BPE and returns it as the content of `tokenizer.json` and `tokenizer_config.json`. Deterministic: the
 * result depends on the multiset of words in the texts alone. Ids are the 256 bytes, then the merges in the order learnt, then
 * `specialTokens`, then `wholeTokens`. The chat template is ChatML; `<|im_end|>` ends a turn and `<|endoftext|>` pads where they
 * are among the special tokens.
 *
 * @throws TextError `TEXT_FIELD` on a vocabulary too small for the bytes, or on empty or repeated added tokens
 */
export const trainBpe = (texts: readonly string[], options: BpeOptions): BpeFiles => {
  const wholeTokens = options.wholeTokens ?? [];
  const pattern = options.preTokenPattern ?? DEFAULT_PRE_TOKEN_PATTERN;
  const added = [...options.specialTokens, ...wholeTokens];
  checkOptions(options, added);

  const { ordered, ofByte } = byteSymbols();
  const counts = countWords(texts, pattern, added, ofByte);
  const { vocab, merges } = learnMerges(counts, ordered, options.vocabSize - added.length);

  const addedTokens = added.map((content, index) => ({
    id: vocab.size + index,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: index < options.specialTokens.length,
  }));
  const specialOrNull = (content: string): string | null =>
    options.specialTokens.includes(content) ? content : null;
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: addedTokens,
      normalizer: { type: 'NFC' },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
          { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
        ],
      },
      post_processor: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(vocab),
        merges,
      },
    },
    config: {
      tokenizer_class: 'PreTrainedTokenizerFast',
      add_prefix_space: false,
      clean_up_tokenization_spaces: false,
      bos_token: null,
      eos_token: specialOrNull('<|im_end|>'),
      pad_token: specialOrNull('<|endoftext|>'),
      unk_token: null,
      model_max_length: 2048,
      added_tokens_decoder: Object.fromEntries(addedTokens.map(({ id, ...token }) => [String(id), token])),
      chat_template: CHAT_TEMPLATE,
    },
  };
};
