import { type Architecture, architectureOf } from './architecture.js';
import type { GgufFile } from './gguf-file.js';
import type { Metadata } from './metadata.js';

/** Sizes and constants of a decoder, from the metadata of a GGUF file. */
export interface DecoderShape {
  readonly architecture: Architecture;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  /** Rows of the embedding. */
  readonly vocab: number;
  readonly context: number;
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  /** Whether the embedding is the output projection too. */
  readonly isTied: boolean;
}

/** llama.cpp's value for a file that has none. */
const DEFAULT_ROPE_THETA = 10_000;

/** Keys under the architecture's name that change what is computed: a value other than these is refused. */
const NEUTRAL: Readonly<Record<string, number | boolean>> = {
  expert_count: 0,
  'attention.causal': true,
  'rope.scale_linear': 1,
  'attention.max_alibi_bias': 0,
  'attention.clamp_kqv': 0,
  'attention.scale': 0,
  logit_scale: 1,
  residual_scale: 1,
  embedding_scale: 1,
  attn_logit_softcapping: 0,
  final_logit_softcapping: 0,
};

/**
 * Reads what config.json needs (keys: ggml's docs/gguf.md, "LLM").
 * @throws ModelError `MODEL_CONFIG` naming the key that is missing, malformed or asks for what cannot be done
 */
export function decoderShape({ metadata, tensors }: GgufFile): DecoderShape {
  const architecture = architectureOf(metadata);
  const prefix = metadata.text('general.architecture');
  const whole = (name: string, fallback?: number): number => {
    const key = `${prefix}.${name}`;
    const value = perLayer(metadata, key) ?? fallback;
    if (value !== undefined) return value;
    throw metadata.error(key, 'a whole number from 1');
  };
  const real = (name: string, fallback?: number): number => {
    const key = `${prefix}.${name}`;
    const value = metadata.real(key) ?? fallback;
    if (value !== undefined && value > 0) return shortestF32(value);
    throw metadata.error(key, 'a number above 0');
  };
  for (const [name, neutral] of Object.entries(NEUTRAL)) {
    const value = metadata.get(`${prefix}.${name}`);
    if (value !== undefined && value !== neutral)
      throw metadata.error(`${prefix}.${name}`, `${neutral} (nothing else is supported)`);
  }
  const hidden = whole('embedding_length');
  const heads = whole('attention.head_count');
  const headDim = whole('attention.key_length', hidden / heads);
  if (!Number.isInteger(headDim) || headDim % 2 !== 0) {
    throw metadata.error(
      `${prefix}.attention.key_length`,
      `an even size of a head (${hidden} / ${heads} heads is ${headDim})`,
    );
  }
  for (const name of ['attention.value_length', 'rope.dimension_count']) {
    if (whole(name, headDim) !== headDim)
      throw metadata.error(`${prefix}.${name}`, `${headDim}, the size of a head`);
  }
  const kvHeads = whole('attention.head_count_kv', heads);
  if (heads % kvHeads !== 0)
    throw metadata.error(`${prefix}.attention.head_count_kv`, `a divisor of the ${heads} heads`);
  const layers = whole('block_count');
  // Every layer has tensors; a number beyond all reason must not be counted up to.
  if (layers > tensors.size)
    throw metadata.error(`${prefix}.block_count`, `at most the number of tensors, ${tensors.size}`);
  const context = whole('context_length');
  refuseWindow(metadata, `${prefix}.attention.sliding_window`, context);
  return {
    architecture,
    hidden,
    layers,
    heads,
    kvHeads,
    headDim,
    ffn: whole('feed_forward_length'),
    vocab: tensors.get('token_embd.weight')?.shape[0] ?? whole('vocab_size'),
    context,
    normEpsilon: real('attention.layer_norm_rms_epsilon'),
    ropeTheta: real('rope.freq_base', DEFAULT_ROPE_THETA),
    isTied: !tensors.has('output.weight'),
  };
}

/** A whole number, or a list of one for each layer, which have to be equal. */
function perLayer(metadata: Metadata, key: string): number | undefined {
  if (!Array.isArray(metadata.get(key))) return metadata.whole(key, 1) ?? undefined;
  const [first = 0, ...others] = metadata.numbers(key) ?? [];
  if (Number.isInteger(first) && first >= 1 && others.every((value) => value === first)) return first;
  throw metadata.error(key, 'the same whole number from 1 for all layers');
}

/** A window that no sequence outgrows changes nothing. */
function refuseWindow(metadata: Metadata, key: string, context: number): void {
  const window = metadata.whole(key, 0) ?? 0;
  if (window > 0 && window < context)
    throw metadata.error(key, `none, or at least the context of ${context} tokens`);
}

/** The shortest decimal that is the same f32: metadata hold 1e-5 as 0.000009999999747378752. */
export function shortestF32(value: number): number {
  for (let digits = 1; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
