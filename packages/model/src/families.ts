import type { Fields } from './fields.js';

/** Decoders that this package computes, by `model_type` of config.json. */
export type Family = 'llama' | 'mistral' | 'qwen2' | 'qwen3';

/** Which projections of every layer have a bias. */
export interface Biases {
  /** q_proj, k_proj and v_proj. */
  readonly qkv: boolean;
  /** o_proj. */
  readonly output: boolean;
  /** gate_proj, up_proj and down_proj. */
  readonly mlp: boolean;
}

/** What sets a family apart; defaults are those of its configuration class in transformers. */
export interface FamilyRules {
  /** num_key_value_heads where config.json has none; null takes num_attention_heads. */
  readonly kvHeads: number | null;
  /** head_dim where config.json has none; null takes hidden_size / num_attention_heads. */
  readonly headDim: number | null;
  /** RMS norm of each query and key head before rotation (Qwen3). */
  readonly hasQkNorm: boolean;
  biases(f: Fields): Biases;
  /**
   * Positions that a token sees in the layer that sees the fewest, itself included; null where all see all.
   */
  window(f: Fields): number | null;
}

const NO_BIASES: Biases = { qkv: false, output: false, mlp: false };

/** Window of Qwen's layers from `max_window_layers` on, or of those that `layer_types` names. */
function qwenWindow(f: Fields): number | null {
  const types = f.get('layer_types');
  if (types !== undefined) {
    const isKnown = (t: unknown): boolean => t === 'full_attention' || t === 'sliding_attention';
    if (!Array.isArray(types) || !types.every(isKnown))
      throw f.bad('layer_types', 'a list of "full_attention" and "sliding_attention"');
  }
  const isSliding = f.flag('use_sliding_window', false);
  const slides = Array.isArray(types)
    ? types.includes('sliding_attention')
    : isSliding && f.whole('num_hidden_layers') > wholeOrZero(f, 'max_window_layers', 28);
  if (!slides) return null;
  if (!isSliding) throw f.bad('use_sliding_window', 'true, as layer_types has "sliding_attention"');
  return f.whole('sliding_window', 4096);
}

const wholeOrZero = (f: Fields, field: string, fallback: number): number =>
  f.get(field) === 0 ? 0 : f.whole(field, fallback);

export const FAMILIES: Readonly<Record<Family, FamilyRules>> = {
  llama: {
    kvHeads: null,
    headDim: null,
    hasQkNorm: false,
    biases: (f) => {
      const attention = f.flag('attention_bias', false);
      return { qkv: attention, output: attention, mlp: f.flag('mlp_bias', false) };
    },
    window: () => null,
  },
  mistral: {
    kvHeads: 8,
    headDim: null,
    hasQkNorm: false,
    biases: () => NO_BIASES,
    // Left out it is 4096, null is none: Mistral 7B says 4096 in its first version, null in its third.
    window: (f) => (f.isNull('sliding_window') ? null : f.whole('sliding_window', 4096)),
  },
  qwen2: {
    kvHeads: 32,
    headDim: null,
    hasQkNorm: false,
    biases: () => ({ qkv: true, output: false, mlp: false }),
    window: qwenWindow,
  },
  qwen3: {
    kvHeads: 32,
    headDim: 128,
    hasQkNorm: true,
    biases: (f) => {
      const attention = f.flag('attention_bias', false);
      return { qkv: attention, output: attention, mlp: false };
    },
    window: qwenWindow,
  },
};

export const isFamily = (value: unknown): value is Family =>
  typeof value === 'string' && Object.hasOwn(FAMILIES, value);
