import { type GroupTrainer, LORA, openGroupTrainer, type TrainerOptions } from './group-trainer.js';

const SHAPE = {
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  head_dim: 8,
  vocab_size: 23,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
};
const LLAMA = { ...SHAPE, model_type: 'llama', tie_word_embeddings: false };
const QWEN2 = { ...SHAPE, model_type: 'qwen2', tie_word_embeddings: true };
const QWEN3 = { ...SHAPE, model_type: 'qwen3', tie_word_embeddings: true, num_hidden_layers: 3 };

const POLICY = { kind: 'policy', estimator: 'ppo', kl: 'k3', entropy: true, correction: null } as const;
/** Ratios and importance weights of whole sequences: sums along their tokens. */
const SEQUENCES = {
  kind: 'policy',
  estimator: 'gspo',
  kl: 'k2',
  entropy: false,
  correction: 'sequence',
} as const;
const SUPERVISED = { kind: 'supervised' } as const;
const FULL = { kind: 'full' } as const;

/** Ids that the models know. */
export const VOCAB: number = SHAPE.vocab_size;

/** Models of every family, way of sharing key heads and kind of training. */
export const TRAINERS: Readonly<Record<string, TrainerOptions>> = {
  'llama, 4 of 4 key heads, LoRA, supervised': {
    json: { ...LLAMA, num_key_value_heads: 4 },
    trainable: LORA,
    loss: SUPERVISED,
  },
  'qwen2 (biases), 2 of 4 key heads, LoRA, policy loss': {
    json: { ...QWEN2, num_key_value_heads: 2 },
    trainable: LORA,
    loss: POLICY,
  },
  'qwen3 (norms of heads), 1 of 4 key heads, LoRA, policy loss of sequences': {
    json: { ...QWEN3, num_key_value_heads: 1 },
    trainable: LORA,
    loss: SEQUENCES,
  },
  'qwen2 (biases), 1 of 4 key heads, all weights, supervised': {
    json: { ...QWEN2, num_key_value_heads: 1, hidden_size: 32 },
    trainable: FULL,
    loss: SUPERVISED,
  },
  'qwen3 (norms of heads), 2 of 4 key heads, all weights, policy loss': {
    json: { ...QWEN3, num_key_value_heads: 2 },
    trainable: FULL,
    loss: POLICY,
  },
};

/** Opens each of the models once; `close` closes those that were opened. */
export function tinyTrainers(): { open(name: string): Promise<GroupTrainer>; close(): Promise<void> } {
  const opened = new Map<string, Promise<GroupTrainer>>();
  return {
    open: (name) => {
      const options = TRAINERS[name];
      if (!options) throw new Error(`no model "${name}"`);
      const trainer = opened.get(name) ?? openGroupTrainer(options);
      opened.set(name, trainer);
      return trainer;
    },
    close: async () => {
      for (const trainer of opened.values()) await (await trainer).close();
    },
  };
}
