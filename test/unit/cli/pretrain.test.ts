import { OPTION_TOKEN_PATTERN, tokenizerCorpus } from '@residency/bedside';
import { parseConfig } from '@residency/model';
import { createTokenizer, DEFAULT_PRE_TOKEN_PATTERN, type Tokenizer, trainBpe } from '@residency/text';
import { describe, expect, it } from 'vitest';
import { batchesOf } from '../../../packages/cli/src/pretrain/examples.js';
import { initialWeights } from '../../../packages/cli/src/pretrain/initial-weights.js';
import { CONCLUSION_WEIGHT, INTERN_RECIPE } from '../../../packages/cli/src/pretrain/intern.js';
import { configJson } from '../../../packages/cli/src/pretrain/model-folder.js';
import { learningRateAt } from '../../../packages/cli/src/pretrain/pretrain.js';
import type { PretrainRecipe } from '../../../packages/cli/src/pretrain/recipe.js';

const [careful] = INTERN_RECIPE.stages;
if (!careful) throw new Error('the recipe has no stage');

function smallTokenizer(): Tokenizer {
  const { tokenizer, config } = trainBpe(tokenizerCorpus({ seed: 1, cases: 20 }), {
    vocabSize: 700,
    specialTokens: ['<|endoftext|>', '<|im_start|>', '<|im_end|>'],
    wholeTokens: ['<dx>', '</dx>', '<conclusion>', '</conclusion>'],
    preTokenPattern: `${OPTION_TOKEN_PATTERN}|${DEFAULT_PRE_TOKEN_PATTERN}`,
  });
  return createTokenizer({ folder: 'memory', tokenizer, tokenizerConfig: config } as never); // the two files are all it reads
}

describe('pretraining', () => {
  it('warms the learning rate up to its peak and lets it fall to its final share', () => {
    const rates = Array.from({ length: careful.steps }, (_, step) => learningRateAt(careful, step));

    expect(rates[0]).toBeCloseTo(careful.learningRate / careful.warmupSteps, 12);
    expect(Math.max(...rates)).toBeCloseTo(careful.learningRate, 12);
    expect(rates.indexOf(Math.max(...rates))).toBe(careful.warmupSteps - 1);
    expect(rates.at(-1)).toBeCloseTo(careful.learningRate * careful.finalShare, 6);
  });

  it('reads every example of a stage once, the same ones twice over, weighing prompt, reasoning and conclusion', () => {
    const tokenizer = smallTokenizer();
    const recipe: PretrainRecipe = { ...INTERN_RECIPE, stages: [{ ...careful, steps: 19, batchSize: 3 }] };
    const [first, second] = [1, 2].map(() => [...batchesOf(tokenizer, recipe, 0)]);

    expect(first).toEqual(second);
    expect(first?.map((batch) => batch.length)).toEqual(new Array(19).fill(3));
    const examples = first?.flat() ?? [];
    expect(new Set(examples.map(({ ids }) => ids.join())).size).toBe(57);
    for (const { ids, weights } of examples) {
      const text = tokenizer.decode(ids.filter((_, i) => weights[i] === CONCLUSION_WEIGHT));
      expect(text).toMatch(/^<conclusion>.*\\boxed\{[A-E]\}<\/conclusion>$/);
      expect(tokenizer.decode(ids.filter((_, i) => weights[i] === 1))).toMatch(/^<dx>.*<\/dx>\n$/s);
      expect(ids.at(-1)).toBe(tokenizer.stopIds[0]);
    }
  });

  it('starts from matrices of the standard deviation that the recipe names', () => {
    const config = parseConfig(configJson(INTERN_RECIPE, 1280, 1275), 'config.json');
    const weights = initialWeights(config, INTERN_RECIPE.initStd, 1);
    const embedding = weights[0]?.data ?? new Float32Array();
    const mean = embedding.reduce((sum, v) => sum + v, 0) / embedding.length;
    const std = Math.sqrt(embedding.reduce((sum, v) => sum + (v - mean) ** 2, 0) / embedding.length);

    expect(weights.reduce((n, w) => n + w.data.length, 0)).toBe(755_328);
    expect(Math.abs(mean)).toBeLessThan(0.001);
    expect(std / INTERN_RECIPE.initStd).toBeCloseTo(1, 1);
    for (const { name, data } of weights) {
      if (name.includes('norm')) expect(new Set(data)).toEqual(new Set([1]));
      if (name.endsWith('.bias')) expect(new Set(data)).toEqual(new Set([0]));
    }
  });
});
