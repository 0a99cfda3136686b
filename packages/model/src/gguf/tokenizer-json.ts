import { byteLevelParts } from './byte-level-tokenizer.js';
import type { GgufFile } from './gguf-file.js';
import type { Metadata } from './metadata.js';
import { sentencePieceParts } from './sentencepiece-tokenizer.js';
import { readSpecialIds, type SpecialDefaults, type SpecialIds } from './special-ids.js';
import { readVocabulary, type TokenKind, type Vocabulary } from './vocabulary.js';

type Json = Readonly<Record<string, unknown>>;

/** What differs between the kinds of tokenizer. */
export interface TokenizerParts {
  readonly normalizer: Json | null;
  readonly preTokenizer: Json | null;
  readonly decoder: Json;
  /** The `model` of tokenizer.json without vocabulary and merges. */
  readonly model: Json;
  readonly merges: readonly (readonly [string, string])[];
  /** Whether a text begins with the BOS token in a file that does not say so. */
  readonly addsBos: boolean;
  readonly defaults: SpecialDefaults;
}

/** The files of a Hugging Face folder that say how text becomes ids. */
export interface TokenizerFilesJson {
  readonly tokenizer: Json;
  readonly tokenizerConfig: Json;
  readonly ids: SpecialIds;
}

/** Every `tokenizer.ggml.model` that can be imported. */
const KINDS: Readonly<Record<string, (metadata: Metadata, vocabulary: Vocabulary) => TokenizerParts>> = {
  gpt2: byteLevelParts,
  llama: sentencePieceParts,
};

/**
 * Kinds of tokens that stand in a text as a whole, never built from merges: whether they are markup, not
 * text.
 */
const ADDED: Readonly<Record<TokenKind, 'special' | 'text' | null>> = {
  normal: null,
  unknown: 'special',
  control: 'special',
  'user-defined': 'text',
  unused: null,
  byte: null,
};

/**
 * The tokenizer.json and tokenizer_config.json of a file whose embedding has `rows` rows.
 * @throws ModelError `MODEL_CONFIG` naming the key that is missing, malformed or of an unsupported kind
 */
export function tokenizerFiles(
  { metadata, path }: GgufFile,
  rows: number,
  context: number,
): TokenizerFilesJson {
  const name = metadata.text('tokenizer.ggml.model');
  const read = name !== null && Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  if (!read)
    throw metadata.error(
      'tokenizer.ggml.model',
      `${Object.keys(KINDS).join(' or ')} (the supported tokenizers)`,
    );
  const vocabulary = readVocabulary(metadata, rows, path);
  const parts = read(metadata, vocabulary);
  const { tokens } = vocabulary;
  const ids = readSpecialIds(metadata, tokens.length, parts.defaults);
  const addsBos = metadata.flag('tokenizer.ggml.add_bos_token') ?? parts.addsBos;
  const addsEos = metadata.flag('tokenizer.ggml.add_eos_token') ?? false;
  const added = addedTokens(vocabulary, ids);
  const isAdded = new Set(added.map(({ id }) => id));
  // Files exist whose padding is an ordinary token, "!" for instance, which must not become markup.
  const text = (id: number | null): string | null =>
    id !== null && isAdded.has(id) ? (tokens[id] ?? null) : null;
  const unk = 'unk_token' in parts.model ? {} : { unk_token: text(ids.unk) };
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: parts.normalizer,
    pre_tokenizer: parts.preTokenizer,
    post_processor: postProcessor(
      { id: addsBos ? ids.bos : null, text: text(ids.bos) },
      { id: addsEos ? ids.eos : null, text: text(ids.eos) },
    ),
    decoder: parts.decoder,
    model: {
      ...parts.model,
      ...unk,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: parts.merges,
    },
  };
  const template = metadata.text('tokenizer.chat_template');
  const tokenizerConfig = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    add_bos_token: addsBos && ids.bos !== null,
    add_eos_token: addsEos && ids.eos !== null,
    bos_token: text(ids.bos),
    eos_token: text(ids.eos),
    unk_token: text(ids.unk),
    pad_token: text(ids.pad),
    model_max_length: context,
    clean_up_tokenization_spaces: false,
    ...(template === null ? {} : { chat_template: template }),
  };
  return { tokenizer, tokenizerConfig, ids };
}

interface AddedToken extends Json {
  readonly id: number;
}

function addedTokens({ tokens, kinds }: Vocabulary, ids: SpecialIds): AddedToken[] {
  const roles = new Set([ids.bos, ...ids.ends]);
  return tokens.flatMap((content, id) => {
    const kind = roles.has(id) ? 'special' : ADDED[kinds[id] ?? 'normal'];
    // An empty text would match everywhere.
    if (kind === null || content === '') return [];
    return [
      {
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: kind === 'special',
      },
    ];
  });
}

interface Edge {
  readonly id: number | null;
  readonly text: string | null;
}

/** Puts the tokens that begin and end a text around it; null where there are none. */
function postProcessor(begin: Edge, end: Edge): Json | null {
  const edge = ({ id, text }: Edge, type: number): Json[] =>
    id === null || text === null ? [] : [{ SpecialToken: { id: text, type_id: type } }];
  const around = (sequence: 'A' | 'B', type: number): Json[] => [
    ...edge(begin, type),
    { Sequence: { id: sequence, type_id: type } },
    ...edge(end, type),
  ];
  const used = [begin, end].filter((e) => e.id !== null && e.text !== null);
  if (used.length === 0) return null;
  return {
    type: 'TemplateProcessing',
    single: around('A', 0),
    pair: [...around('A', 0), ...around('B', 1)],
    special_tokens: Object.fromEntries(
      used.map(({ id, text }) => [text, { id: text, ids: [id], tokens: [text] }]),
    ),
  };
}
