import type { PretrainRecipe } from './recipe.js';

/** Shape and optimiser of the shipped policies: what two cores teach in minutes. */
export const SMALL_MODEL: Pick<PretrainRecipe, 'config' | 'initStd' | 'optimizer' | 'maxGradNorm'> = {
  config: {
    hidden_size: 128,
    intermediate_size: 384,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    max_position_embeddings: 512,
    rope_theta: 1_000,
  },
  initStd: 0.08,
  optimizer: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.01 },
  maxGradNorm: 1,
};
