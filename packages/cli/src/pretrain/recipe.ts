import type { TraceMix } from '@residency/bedside';

/** One supervised stage: what is read, and how the learning rate moves. */
export interface StageRecipe {
  readonly name: string;
  readonly mix: TraceMix;
  readonly steps: number;
  readonly batchSize: number;
  /** Peak learning rate: reached after `warmupSteps`, then a cosine down to `finalShare` of it. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly finalShare: number;
}

/** Everything that decides the bytes of the shipped policy. */
export interface PretrainRecipe {
  readonly seed: number;
  readonly vocabSize: number;
  /** Cases whose text the tokenizer is trained on. */
  readonly tokenizerCases: number;
  readonly config: {
    readonly hidden_size: number;
    readonly intermediate_size: number;
    readonly num_hidden_layers: number;
    readonly num_attention_heads: number;
    readonly num_key_value_heads: number;
    readonly max_position_embeddings: number;
    readonly rope_theta: number;
  };
  /** Standard deviation of the initial matrices. */
  readonly initStd: number;
  readonly optimizer: {
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
  };
  readonly maxGradNorm: number;
  /** Loss weight of the conclusion's tokens; those before it weigh 1, those of the prompt 0. The letter is one token of eighty. */
  readonly conclusionWeight: number;
  readonly stages: readonly StageRecipe[];
}

/** The recipe of models/intern: careful traces until the skill is there, then traces of mixed quality. */
export const INTERN_RECIPE: PretrainRecipe = {
  seed: 1,
  vocabSize: 1280,
  tokenizerCases: 3000,
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
  conclusionWeight: 3,
  stages: [
    {
      name: 'careful',
      mix: { careful: 1, skip: 0, misquote: 0, guess: 0 },
      steps: 1200,
      batchSize: 32,
      learningRate: 3e-3,
      warmupSteps: 60,
      finalShare: 0.02,
    },
    {
      name: 'mixed',
      mix: { careful: 0.4, skip: 0.15, misquote: 0.1, guess: 0.35 },
      steps: 200,
      batchSize: 32,
      learningRate: 1e-3,
      warmupSteps: 20,
      finalShare: 0.02,
    },
  ],
};
