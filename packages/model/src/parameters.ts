import type { DecoderConfig } from './config.js';
import type { Biases } from './families.js';

/** The projections that LoRA adapts. */
export const PROJECTIONS = [
  'q_proj',
  'k_proj',
  'v_proj',
  'o_proj',
  'gate_proj',
  'up_proj',
  'down_proj',
] as const;
export type Projection = (typeof PROJECTIONS)[number];

const BLOCK: Readonly<Record<Projection, 'self_attn' | 'mlp'>> = {
  q_proj: 'self_attn',
  k_proj: 'self_attn',
  v_proj: 'self_attn',
  o_proj: 'self_attn',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp',
};

/** `model.layers.3.self_attn.q_proj`, as Hugging Face names modules. */
export const moduleName = (layer: number, projection: Projection): string =>
  `model.layers.${layer}.${BLOCK[projection]}.${projection}`;

/** [out, in] of a projection. */
export function projectionShape(c: DecoderConfig, projection: Projection): readonly [number, number] {
  const [q, kv] = [c.heads * c.headDim, c.kvHeads * c.headDim];
  const shapes: Readonly<Record<Projection, readonly [number, number]>> = {
    q_proj: [q, c.hidden],
    k_proj: [kv, c.hidden],
    v_proj: [kv, c.hidden],
    o_proj: [c.hidden, q],
    gate_proj: [c.ffn, c.hidden],
    up_proj: [c.ffn, c.hidden],
    down_proj: [c.hidden, c.ffn],
  };
  return shapes[projection];
}

export const EMBEDDING = 'model.embed_tokens.weight';
export const HEAD = 'lm_head.weight';
export const FINAL_NORM = 'model.norm.weight';
export const inputNorm = (layer: number): string => `model.layers.${layer}.input_layernorm.weight`;
export const postNorm = (layer: number): string => `model.layers.${layer}.post_attention_layernorm.weight`;
export const queryNorm = (layer: number): string => `model.layers.${layer}.self_attn.q_norm.weight`;
export const keyNorm = (layer: number): string => `model.layers.${layer}.self_attn.k_norm.weight`;

const BIAS: Readonly<Record<Projection, keyof Biases>> = {
  q_proj: 'qkv',
  k_proj: 'qkv',
  v_proj: 'qkv',
  o_proj: 'output',
  gate_proj: 'mlp',
  up_proj: 'mlp',
  down_proj: 'mlp',
};

/** Every weight of a decoder with its shape, in a fixed order. */
export function weightShapes(c: DecoderConfig): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([[EMBEDDING, [c.vocab, c.hidden]]]);
  for (let layer = 0; layer < c.layers; layer++) {
    shapes.set(inputNorm(layer), [c.hidden]);
    for (const projection of PROJECTIONS) {
      const [out, input] = projectionShape(c, projection);
      shapes.set(`${moduleName(layer, projection)}.weight`, [out, input]);
      if (c.biases[BIAS[projection]]) shapes.set(`${moduleName(layer, projection)}.bias`, [out]);
    }
    if (c.hasQkNorm) {
      shapes.set(queryNorm(layer), [c.headDim]);
      shapes.set(keyNorm(layer), [c.headDim]);
    }
    shapes.set(postNorm(layer), [c.hidden]);
  }
  shapes.set(FINAL_NORM, [c.hidden]);
  if (!c.isTied) shapes.set(HEAD, [c.vocab, c.hidden]);
  return shapes;
}
