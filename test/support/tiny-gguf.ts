import { toHalf } from '../../packages/model/src/half.js';
import { f32s, type GgufContents, type GgufTensor, type GgufValue } from './gguf-writer.js';
import { randomNumbers } from './numbers.js';

/** Types of tensors: number, values and bytes of a block, offsets of the halves that scale it. */
const TYPES = {
  F32: { id: 0, values: 1, bytes: 4, halves: [] },
  F16: { id: 1, values: 1, bytes: 2, halves: [] },
  Q4_0: { id: 2, values: 32, bytes: 18, halves: [0] },
  Q4_1: { id: 3, values: 32, bytes: 20, halves: [0, 2] },
  Q5_0: { id: 6, values: 32, bytes: 22, halves: [0] },
  Q5_1: { id: 7, values: 32, bytes: 24, halves: [0, 2] },
  Q8_0: { id: 8, values: 32, bytes: 34, halves: [0] },
  Q2_K: { id: 10, values: 256, bytes: 84, halves: [80, 82] },
  Q3_K: { id: 11, values: 256, bytes: 110, halves: [108] },
  Q4_K: { id: 12, values: 256, bytes: 144, halves: [0, 2] },
  Q5_K: { id: 13, values: 256, bytes: 176, halves: [0, 2] },
  Q6_K: { id: 14, values: 256, bytes: 210, halves: [208] },
  BF16: { id: 30, values: 1, bytes: 2, halves: [] },
} as const;
export type TinyType = keyof typeof TYPES;

const size = (shape: readonly number[]): number => shape.reduce((product, d) => product * d, 1);

const made = new Map<string, Uint8Array>();

/**
 * Random values about as large as a model's weights, stored as a type; made once, as the tests use them
 * often.
 */
function tensorData(type: TinyType, shape: readonly number[], seed: number): Uint8Array {
  const key = `${type} ${shape} ${seed}`;
  const data = made.get(key) ?? makeData(type, shape, seed);
  made.set(key, data);
  return data;
}

function makeData(type: TinyType, shape: readonly number[], seed: number): Uint8Array {
  const small = randomNumbers(size(shape), seed).map((value) => value * 0.1);
  if (type === 'F32') return f32s(small);
  if (type === 'F16') return new Uint8Array(toHalf(Float32Array.from(small)).buffer);
  if (type === 'BF16') {
    const words = new Uint32Array(Float32Array.from(small).buffer);
    return new Uint8Array(Uint16Array.from(words, (word) => word >>> 16).buffer);
  }
  const { values, bytes, halves } = TYPES[type];
  const blocks = size(shape) / values;
  const data = Uint8Array.from(randomNumbers(blocks * bytes, seed), (value) => Math.floor((value + 1) * 128));
  const scales = toHalf(Float32Array.from(randomNumbers(blocks * 2, seed + 1), (value) => value * 2e-3));
  for (let block = 0; block < blocks; block++) {
    for (const [i, at] of halves.entries()) {
      const scale = scales[2 * block + i] ?? 0;
      data[block * bytes + at] = scale & 255;
      data[block * bytes + at + 1] = scale >> 8;
    }
  }
  return data;
}

export const tensor = (name: string, shape: readonly number[], type: TinyType, seed: number): GgufTensor => ({
  name,
  shape,
  type: TYPES[type].id,
  data: tensorData(type, shape, seed),
});

/** Printable stand-ins of the 256 bytes, as byte-level tokenizers write them. */
export function byteCharacters(): string[] {
  let spare = 256;
  return Array.from({ length: 256 }, (_, code) => {
    const isPrintable = (code >= 33 && code <= 126) || (code >= 161 && code <= 172) || code >= 174;
    return String.fromCodePoint(isPrintable ? code : spare++);
  });
}

export const tinyMerges = ['h e', 'l l', 'Ġ w', 'o r', 'he ll', 'hell o', 'Ġw or', 'Ġ Ġ', '1 2', 'Ċ Ċ'];
export const tinySpecial = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const tinyTokens = [
  ...byteCharacters(),
  ...tinyMerges.map((m) => m.replace(' ', '')),
  ...tinySpecial,
  '<think>',
];

/** A byte-level tokenizer with a few merges, three special tokens and one user-defined token. */
export function tinyTokenizer(pre: string): Readonly<Record<string, GgufValue>> {
  const normal = tinyTokens.length - tinySpecial.length - 1;
  return {
    'tokenizer.ggml.model': ['string', 'gpt2'],
    'tokenizer.ggml.pre': ['string', pre],
    'tokenizer.ggml.tokens': ['array', 'string', tinyTokens],
    'tokenizer.ggml.token_type': [
      'array',
      'i32',
      tinyTokens.map((_, id) => (id < normal ? 1 : id === tinyTokens.length - 1 ? 4 : 3)),
    ],
    'tokenizer.ggml.merges': ['array', 'string', tinyMerges],
    'tokenizer.ggml.bos_token_id': ['u32', normal],
    'tokenizer.ggml.eos_token_id': ['u32', normal + 2],
    'tokenizer.ggml.padding_token_id': ['u32', normal],
    'tokenizer.chat_template': [
      'string',
      "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}" +
        '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}',
    ],
  };
}

export interface TinyOptions {
  readonly architecture?: 'llama' | 'qwen2' | 'qwen3';
  /** Types of the projections, in turn. */
  readonly types?: readonly TinyType[];
  readonly isTied?: boolean;
  readonly layers?: number;
  readonly pre?: string;
  /** Added to the metadata, or instead of some. */
  readonly metadata?: Readonly<Record<string, GgufValue>>;
}

/** Width of the hidden state and of a super-block. */
export const TINY_HIDDEN = 256;

/** A decoder of random weights that a GGUF file may hold. */
export function tinyGguf({
  architecture = 'llama',
  types = ['Q4_0', 'Q4_1', 'Q8_0', 'Q4_K', 'Q6_K', 'F16'],
  isTied = true,
  layers = 2,
  pre = 'smollm',
  metadata = {},
}: TinyOptions = {}): GgufContents {
  const [hidden, headDim, heads, kvHeads] = [TINY_HIDDEN, architecture === 'qwen3' ? 128 : 64, 4, 2];
  const vocab = tinyTokens.length;
  const tensors: GgufTensor[] = [];
  const add = (name: string, shape: readonly number[], type: TinyType): void => {
    tensors.push(tensor(name, shape, type, 17 * tensors.length + 1));
  };
  const matrix = (name: string, shape: readonly number[]): void =>
    add(name, shape, types[tensors.length % types.length] ?? 'F32');
  matrix('token_embd.weight', [vocab, hidden]);
  for (let layer = 0; layer < layers; layer++) {
    const block = `blk.${layer}.`;
    const rows = { attn_q: heads * headDim, attn_k: kvHeads * headDim, attn_v: kvHeads * headDim };
    for (const [name, count] of Object.entries(rows)) {
      matrix(`${block}${name}.weight`, [count, hidden]);
      if (architecture === 'qwen2') add(`${block}${name}.bias`, [count], 'F32');
    }
    matrix(`${block}attn_output.weight`, [hidden, heads * headDim]);
    for (const name of ['ffn_gate', 'ffn_up']) matrix(`${block}${name}.weight`, [512, hidden]);
    matrix(`${block}ffn_down.weight`, [hidden, 512]);
    for (const name of ['attn_norm', 'ffn_norm']) add(`${block}${name}.weight`, [hidden], 'F32');
    if (architecture === 'qwen3')
      for (const name of ['attn_q_norm', 'attn_k_norm']) add(`${block}${name}.weight`, [headDim], 'F32');
  }
  add('output_norm.weight', [hidden], 'F32');
  if (!isTied) matrix('output.weight', [vocab, hidden]);
  return {
    metadata: {
      'general.architecture': ['string', architecture],
      'general.name': ['string', `Tiny ${architecture}`],
      [`${architecture}.block_count`]: ['u32', layers],
      [`${architecture}.context_length`]: ['u32', 4096],
      [`${architecture}.embedding_length`]: ['u32', hidden],
      [`${architecture}.feed_forward_length`]: ['u32', 512],
      [`${architecture}.attention.head_count`]: ['u32', heads],
      [`${architecture}.attention.head_count_kv`]: ['u32', kvHeads],
      [`${architecture}.attention.layer_norm_rms_epsilon`]: ['f32', 1e-5],
      [`${architecture}.rope.freq_base`]: ['f32', 500_000],
      ...(architecture === 'qwen3' ? { 'qwen3.attention.key_length': ['u32', headDim] } : {}),
      ...tinyTokenizer(pre),
      ...metadata,
    },
    tensors,
  };
}
