import type { DecoderShape } from './decoder-shape.js';
import type { RopeScaling } from './rope-scaling.js';
import type { SpecialIds } from './special-ids.js';

/** What a config.json has to say beyond the decoder's sizes. */
export interface ConfigDetails {
  readonly ropeScaling: RopeScaling;
  readonly ids: SpecialIds;
  readonly dtype: 'F32' | 'F16';
}

const TORCH_DTYPES: Readonly<Record<ConfigDetails['dtype'], string>> = { F32: 'float32', F16: 'float16' };

/** The Hugging Face config.json of a decoder. */
export function configJson(c: DecoderShape, details: ConfigDetails): Readonly<Record<string, unknown>> {
  const { modelType, className, hasQkvBias } = c.architecture;
  return {
    architectures: [className],
    model_type: modelType,
    hidden_size: c.hidden,
    intermediate_size: c.ffn,
    num_hidden_layers: c.layers,
    num_attention_heads: c.heads,
    num_key_value_heads: c.kvHeads,
    head_dim: c.headDim,
    hidden_act: 'silu',
    // Qwen2 always has these biases and no field for them.
    ...(hasQkvBias ? {} : { attention_bias: false }),
    vocab_size: c.vocab,
    max_position_embeddings: c.context,
    rms_norm_eps: c.normEpsilon,
    rope_theta: c.ropeTheta,
    rope_scaling: details.ropeScaling,
    use_sliding_window: false,
    tie_word_embeddings: c.isTied,
    bos_token_id: details.ids.bos,
    eos_token_id: details.ids.eos,
    pad_token_id: details.ids.pad,
    torch_dtype: TORCH_DTYPES[details.dtype],
  };
}
