import type { LearnGroup, LearnHyperparameters, SampleRequest } from '@residency/model';
import { randomNumbers } from '../../support/numbers.js';

/** A prompt of P tokens and G completions of S tokens each. */
export type GroupShape = { readonly P: number; readonly S: number; readonly G: number };

export const DEFAULT_GROUP: GroupShape = { P: 512, S: 64, G: 8 };

/** Plain PPO without a reference model, one token weighed like another. */
export const HYPERPARAMETERS: LearnHyperparameters = {
  learningRate: 1e-5,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0,
  temperature: 1,
};

/** What both sides adapt: all seven projections, scaled by alpha / rank = 2. */
export const LORA = { seed: 1, rank: 8, alpha: 16 } as const;

const idAt = (place: number, vocab: number): number => (place * 37) % vocab;

/** A group whose ids are spread over the vocabulary, with random advantages. */
export function learnGroup({ P, S, G }: GroupShape, vocab: number): LearnGroup {
  const advantages = randomNumbers(G, 5);
  return {
    promptIds: Array.from({ length: P }, (_, i) => idAt(i, vocab)),
    samples: Array.from({ length: G }, (_, g) => ({
      ids: Array.from({ length: S }, (_, i) => idAt(P + g * S + i, vocab)),
      logprobs: new Array<number>(S).fill(-Math.log(vocab)),
      advantage: advantages[g] ?? 0,
    })),
  };
}

/** The same work without sharing: each completion is a group of its own, which computes the prompt again. */
export const repeatedPrompt = ({ promptIds, samples }: LearnGroup): LearnGroup[] =>
  samples.map((sample) => ({ promptIds, samples: [sample] }));

/** G samples of exactly T tokens at temperature 1: nothing stops them. */
export const sampleRequest = (
  { P, T, G }: { readonly P: number; readonly T: number; readonly G: number },
  vocab: number,
): SampleRequest => ({
  adapter: null,
  promptIds: Array.from({ length: P }, (_, i) => idAt(i, vocab)),
  temperatures: new Array<number>(G).fill(1),
  maxNewTokens: T,
  stopIds: [],
  key: { seed: 1, step: 0, prompt: 0 },
});
