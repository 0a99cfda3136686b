import type { SupervisedExample } from '@residency/model';
import type { Tokenizer } from '@residency/text';

/** One supervised stage: how the learning rate moves; what is read is the recipe's `exampleAt`. */
export interface StageRecipe {
  readonly name: string;
  readonly steps: number;
  readonly batchSize: number;
  /** Peak learning rate: reached after `warmupSteps`, then a cosine down to `finalShare` of it. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly finalShare: number;
}

/** How what a stage left is tried out, and shown. */
export interface TryOut {
  readonly modelDir: string;
  readonly seed: number;
  readonly cases: number;
  readonly threads: number;
}

/** Everything that decides the bytes of a shipped policy. */
export interface PretrainRecipe {
  readonly seed: number;
  readonly vocabSize: number;
  /** What the tokenizer is trained on. */
  readonly corpus: () => readonly string[];
  /** Texts that are one token each. */
  readonly wholeTokens: readonly string[];
  /** What is split off as one word before anything else; absent where nothing is. */
  readonly wordPattern?: string;
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
  readonly stages: readonly StageRecipe[];
  /** Example of a stage; the same arguments give the same example. */
  readonly exampleAt: (tokenizer: Tokenizer, stage: number, seed: number, index: number) => SupervisedExample;
  /** Tries a policy on cases that no stage reads. @returns lines to show */
  readonly tryOut: (options: TryOut) => Promise<string>;
}
