import { Tokenizer } from '@huggingface/tokenizers';
import {
  casePrompt,
  casesFrom,
  drawTrace,
  LETTERS,
  OPTION_TOKEN_PATTERN,
  SCORE_NAMES,
  SCORES,
  tokenizerCorpus,
} from '@residency/bedside';
import { DEFAULT_PRE_TOKEN_PATTERN, trainBpe } from '@residency/text';
import { describe, expect, it } from 'vitest';

const files = trainBpe(tokenizerCorpus({ seed: 1, cases: 1000 }), {
  vocabSize: 1280,
  specialTokens: ['<|endoftext|>', '<|im_start|>', '<|im_end|>'],
  wholeTokens: ['<dx>', '</dx>', '<conclusion>', '</conclusion>'],
  preTokenPattern: `${OPTION_TOKEN_PATTERN}|${DEFAULT_PRE_TOKEN_PATTERN}`,
});
const { tokenizer, config } = JSON.parse(JSON.stringify(files));
const loaded = new Tokenizer(tokenizer, config);
const lengthOf = (text: string): number => loaded.encode(text).ids.length;

describe('tokenizerCorpus', () => {
  it('is a function of its arguments', () => {
    expect(tokenizerCorpus({ seed: 1, cases: 20 })).toEqual(tokenizerCorpus({ seed: 1, cases: 20 }));
    expect(tokenizerCorpus({ seed: 1, cases: 20 })).not.toEqual(tokenizerCorpus({ seed: 2, cases: 20 }));
  });

  it('earns one token for every value, addend, letter, total and option line', () => {
    const words = SCORE_NAMES.flatMap((name) =>
      SCORES[name].criteria.flatMap((criterion) => criterion.values.map((value) => ` ${value.text}`)),
    );
    const addends = [' +0', ' +1', ' +2', ' -2', ' +0.4', ' +0.8', ' +1.2', ' +1.6'];
    const totals = SCORE_NAMES.flatMap((name) => {
      const { options, decimals } = SCORES[name];
      const texts: string[] = [];
      for (let total = options.least; total <= options.greatest + 1e-9; total += options.step) {
        texts.push(total.toFixed(decimals));
      }
      return texts;
    });
    const lines = totals.flatMap((total) => LETTERS.map((letter) => `${letter}: ${total}`));
    const letters = LETTERS.flatMap((letter) => [letter, ` ${letter}`]);

    const split = [...words, ...addends, ...totals.map((total) => ` ${total}`), ...lines, ...letters].filter(
      (text) => lengthOf(text) !== 1,
    );

    expect(split).toEqual([]);
  });

  it('keeps held-out prompts under 130 tokens and careful traces under 110', () => {
    const careful = { careful: 1, skip: 0, misquote: 0, guess: 0 };
    for (const bedside of casesFrom({ seed: 3, split: 'held-out' }, 0, 500)) {
      expect(lengthOf(casePrompt(bedside))).toBeLessThan(130);
      expect(lengthOf(drawTrace(bedside, careful, []).text)).toBeLessThan(110);
    }
    for (const bedside of casesFrom({ seed: 3, split: 'held-out', handover: true }, 0, 500)) {
      expect(lengthOf(casePrompt(bedside))).toBeLessThan(140);
    }
  });
});
