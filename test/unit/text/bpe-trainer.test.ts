import { Tokenizer } from '@huggingface/tokenizers';
import { createTokenizer } from '@residency/text';
import { describe, expect, test } from 'vitest';
import { trainBpe } from '../../../packages/text/src/bpe-trainer.js';

const specialTokens = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const wholeTokens = ['<dx>', '</dx>', '<conclusion>', '</conclusion>'];
const texts = [
  'low lower lowest newer wider new newest',
  'the lower the newer: 8.4 +1 = 9.4, 118/76',
  'naïve café 🙂 low-low newer 118/76',
  'lower newest widest wide',
  'low low +1 +1 8.4',
];

/**
 * Merges that the Python package tokenizers 0.23.3 learns from the same texts (BpeTrainer, min_frequency 2, the byte
 * alphabet, the same Split pattern before ByteLevel), and the ids that it gives with this vocabulary.
 */
const reference = {
  merges:
    'l o|w e|n e|Ġ ne|we r|Ġ lo|s t|+ 1|. 4|d e|i de|w ide|Ġ +1|Ġ wide|lo w|we st|Ġne wer|/ 7|1 1|8 .4|8 /7|h e|t he|' +
    'Ġ 11|Ġ 8.4|Ġne west|Ġlo w',
  text: 'lower +1 = 9.4; 118/76 naïve 🙂 <dx>low</dx><|im_end|>',
  ids: [
    256, 260, 268, 220, 28, 220, 24, 264, 26, 279, 276, 21, 220, 77, 64, 127, 107, 85, 68, 220, 172, 253, 247,
    224, 220, 286, 270, 287, 285,
  ],
};

const train = (vocabSize = 290): ReturnType<typeof trainBpe> =>
  trainBpe(texts, { vocabSize, specialTokens, wholeTokens });

const load = (files: ReturnType<typeof trainBpe>): Tokenizer => {
  const { tokenizer, config } = JSON.parse(JSON.stringify(files));
  return new Tokenizer(tokenizer, config);
};

describe('trainBpe', () => {
  test('learns the merges that the reference trainer learns, in the same order', () => {
    const { merges } = train().tokenizer.model;

    expect(merges.map((pair) => pair.join(' ')).join('|')).toBe(reference.merges);
  });

  test('gives the ids that the reference tokenizer gives', () => {
    expect(load(train()).encode(reference.text).ids).toEqual(reference.ids);
  });

  test('numbers bytes, merges, special tokens and whole tokens in that order, without gaps', () => {
    const { model, added_tokens } = train().tokenizer;
    const ids = [...Object.values(model.vocab), ...added_tokens.map((token) => token.id)];

    expect([...ids].sort((a, b) => a - b)).toEqual(ids.map((_, id) => id));
    expect(ids.length).toBe(290);
    expect(added_tokens.map((token) => token.content)).toEqual([...specialTokens, ...wholeTokens]);
    expect(added_tokens.map((token) => token.special)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });

  test('does not depend on the order of the texts', () => {
    const reversed = trainBpe([...texts].reverse(), { vocabSize: 290, specialTokens, wholeTokens });

    expect(reversed).toEqual(train());
  });

  test('gives every text back, whatever its bytes', () => {
    const tokenizer = load(train());
    for (const text of [...texts, 'ß漢字\tx\n\n  y', "-2.5/7 +3 don't", '\u0000\u007f\u00a0']) {
      const { ids } = tokenizer.encode(text);

      expect(tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false })).toBe(
        text,
      );
    }
  });

  test('keeps a signed number, a decimal and a pressure in one token once they are frequent', () => {
    const clinical = ['RR 24 +1 = 3; calcium 8.4 +0.8; BP 118/76 -2'];
    const tokenizer = load(
      trainBpe(Array.from({ length: 5 }, () => clinical).flat(), { vocabSize: 400, specialTokens }),
    );

    for (const text of [' 24', ' +1', ' 8.4', ' +0.8', ' 118/76', ' -2']) {
      expect(tokenizer.encode(text).ids.length).toBe(1);
    }
  });

  test('never merges across an added token', () => {
    const files = trainBpe(['ab<dx>cd', 'ab<dx>cd', 'ab<dx>cd'], {
      vocabSize: 400,
      specialTokens,
      wholeTokens,
    });

    expect(files.tokenizer.model.merges).toEqual([
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  test('stops where no pair repeats', () => {
    const files = trainBpe(['abc'], { vocabSize: 1000, specialTokens });

    expect(files.tokenizer.model.merges).toEqual([]);
    expect(Object.keys(files.tokenizer.model.vocab).length).toBe(256);
  });

  test('writes a chat template and a stop token that the text package understands', () => {
    const { tokenizer, config } = JSON.parse(JSON.stringify(train()));
    const opened = createTokenizer({
      folder: 'trained',
      tokenizer,
      tokenizerConfig: config,
      config: null,
      generationConfig: null,
      chatTemplate: null,
    });
    const messages = [{ role: 'user', content: 'low?' }];

    expect(opened.renderChat(messages, { addGenerationPrompt: true })).toBe(
      '<|im_start|>user\nlow?<|im_end|>\n<|im_start|>assistant\n',
    );
    expect(opened.stopIds).toEqual([285]);
    expect(opened.decode(opened.encode('<dx>low</dx><|im_end|>'))).toBe('<dx>low</dx>');
  });

  test.each([
    ['a vocabulary below the bytes', { vocabSize: 262, specialTokens, wholeTokens }, 'vocabSize is 262'],
    ['a vocabulary that is no whole number', { vocabSize: 300.5, specialTokens }, 'vocabSize is 300.5'],
    ['a token twice', { vocabSize: 300, specialTokens, wholeTokens: ['<|im_end|>'] }, '"<|im_end|>"'],
    ['an empty token', { vocabSize: 300, specialTokens: [''] }, '""'],
  ])('refuses %s', (_, options, message) => {
    expect(() => trainBpe(texts, options)).toThrow(
      expect.objectContaining({ code: 'TEXT_FIELD', message: expect.stringContaining(message) }),
    );
  });
});
