import { readFileSync } from 'node:fs';
import { createTokenizer, openTokenizer, type Tokenizer } from '@residency/text';
import { describe, expect, test } from 'vitest';
import { parseGguf } from '../../../../packages/model/src/gguf/gguf-file.js';
import { tokenizerFiles } from '../../../../packages/model/src/gguf/tokenizer-json.js';
import { encodeGguf, type GgufValue } from '../../../support/gguf-writer.js';
import { findPython, runPython } from '../../../support/python.js';
import { referenceFile } from '../../../support/reference-data.js';
import { byteCharacters, tinyMerges, tinySpecial, tinyTokenizer } from '../../../support/tiny-gguf.js';
import { variedTexts } from '../../../support/varied-texts.js';

type Fields = Readonly<Record<string, GgufValue>>;

const files = (metadata: Fields, rows = 1_000_000) => {
  const bytes = encodeGguf({ metadata, tensors: [] });
  return tokenizerFiles(parseGguf(bytes, bytes.length, 'm.gguf'), rows, 4096);
};

/** The tokenizer as it is read back from its files. */
function open(metadata: Fields): Tokenizer {
  const { tokenizer, tokenizerConfig, ids } = files(metadata);
  const read = (json: unknown) => JSON.parse(JSON.stringify(json)) as Readonly<Record<string, unknown>>;
  return createTokenizer({
    folder: 'imported',
    tokenizer: read(tokenizer),
    tokenizerConfig: read(tokenizerConfig),
    config: null,
    generationConfig: { eos_token_id: ids.ends },
    chatTemplate: null,
  });
}

describe('a byte-level tokenizer', () => {
  test('merges, keeps special and user-defined tokens whole, and decodes back', () => {
    const tokenizer = open(tinyTokenizer('smollm'));

    expect(tokenizer.encode('hello world')).toEqual([261, 262, 108, 100]);
    expect(tokenizer.encode('<think><|im_end|>é')).toEqual([269, 268, 195, 169]);
    expect(tokenizer.decode([269, 268, 195, 169])).toBe('<think>é');
    expect(tokenizer.stopIds).toEqual([268]);
    expect(tokenizer.renderChat([{ role: 'user', content: 'hi' }], { addGenerationPrompt: true })).toBe(
      '<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n',
    );
  });

  test('cuts digits as its pre-tokenizer does', () => {
    const digits = (pre: string) => open(tinyTokenizer(pre)).encode('a 123').slice(1);

    // "12" is a token: one digit a piece has no use for it.
    expect(digits('smollm')).toEqual([32, 49, 50, 51]);
    expect(digits('qwen2')).toEqual([32, 49, 50, 51]);
    expect(digits('gpt-2')).toEqual([32, 264, 51]);
    expect(digits('llama-bpe')).toEqual([97, 32, 264, 51]);
  });

  const begins = [
    ['smollm', {}, false],
    ['smollm', { 'tokenizer.ggml.add_bos_token': ['bool', true] }, true],
    ['llama-bpe', {}, true],
    ['llama-bpe', { 'tokenizer.ggml.add_bos_token': ['bool', false] }, false],
  ] as const;

  test.each(begins)('of kind %s with %j begins a text with BOS: %s', (pre, more, hasBos) => {
    const tokenizer = open({ ...tinyTokenizer(pre), ...more });

    expect(tokenizer.encode('h')).toEqual(hasBos ? [266, 104] : [104]);
    expect(tokenizer.applyChatTemplate([], { addGenerationPrompt: true })[0]).toBe(267);
  });

  test('ends a text with EOS where the file says so, and stops at every kind of end', () => {
    const more: Fields = {
      'tokenizer.ggml.add_eos_token': ['bool', true],
      'tokenizer.ggml.eot_token_id': ['u32', 266],
    };
    const tokenizer = open({ ...tinyTokenizer('qwen2'), ...more });

    expect(tokenizer.encode('h')).toEqual([104, 268]);
    expect(tokenizer.stopIds).toEqual([266, 268]);
  });

  test('makes no markup of an ordinary token that is the padding', () => {
    const { tokenizerConfig } = files({
      ...tinyTokenizer('qwen2'),
      'tokenizer.ggml.padding_token_id': ['u32', 0],
    });
    const tokenizer = open({ ...tinyTokenizer('qwen2'), 'tokenizer.ggml.padding_token_id': ['u32', 0] });

    expect(tokenizerConfig).toMatchObject({ pad_token: null });
    expect(tokenizer.decode([104, 33])).toBe('h!');
  });

  const bad: readonly (readonly [string, Fields, string])[] = [
    ['no tokens', { 'tokenizer.ggml.tokens': ['array', 'string', []] }, 'tokens is a list of 0'],
    ['tokens that are numbers', { 'tokenizer.ggml.tokens': ['array', 'u8', [1]] }, 'want a list of strings'],
    [
      'kinds that do not fit',
      { 'tokenizer.ggml.token_type': ['array', 'i32', [1]] },
      'is a list of 1, want one',
    ],
    ['a merge of one part', { 'tokenizer.ggml.merges': ['array', 'string', ['he']] }, 'merge 0 is "he"'],
    [
      'a merge into nothing',
      { 'tokenizer.ggml.merges': ['array', 'string', ['h e', 'x y']] },
      'merge 1 is "x y"',
    ],
    ['an id beyond', { 'tokenizer.ggml.eos_token_id': ['u32', 270] }, 'is 270, want an id below 270'],
    ['a flag that is a number', { 'tokenizer.ggml.add_bos_token': ['u8', 1] }, 'want a boolean'],
  ];

  test.each(bad)('is refused with %s', (_, change, message) => {
    expect(() => files({ ...tinyTokenizer('smollm'), ...change })).toThrow(
      expect.objectContaining({ code: 'MODEL_CONFIG', message: expect.stringContaining(message) }),
    );
  });

  test('is refused with the same token twice, or more tokens than the embedding has rows', () => {
    const twins: Fields = {
      'tokenizer.ggml.model': ['string', 'gpt2'],
      'tokenizer.ggml.tokens': ['array', 'string', ['a', 'b', 'a']],
    };

    expect(() => files(twins)).toThrow('has "a" at 0 and 2, want it once');
    expect(() => files(tinyTokenizer('smollm'), 269)).toThrow('is a list of 270, want at most the 269 rows');
  });
});

interface LlamaTokenizer {
  readonly model: { readonly vocab: Readonly<Record<string, number>>; readonly merges: unknown };
}

const stories = referenceFile('models', 'stories260K', 'tokenizer.json');

describe.runIf(stories !== null)(
  'a SentencePiece tokenizer, from the scores of a published Llama tokenizer',
  () => {
    const path = stories ?? '';
    const published = () => JSON.parse(readFileSync(path, 'utf8')) as LlamaTokenizer;
    /** As a GGUF file has it: tokens by id; pieces score one less each, all others 0. */
    const metadata = (): Fields => {
      const byId = Object.entries(published().model.vocab).sort(([, a], [, b]) => a - b);
      const tokens = byId.map(([token]) => token);
      const kinds = tokens.map((_, id) => (id === 0 ? 2 : id < 3 ? 3 : id < 259 ? 6 : 1));
      return {
        'tokenizer.ggml.model': ['string', 'llama'],
        'tokenizer.ggml.tokens': ['array', 'string', tokens],
        'tokenizer.ggml.token_type': ['array', 'i32', kinds],
        'tokenizer.ggml.scores': ['array', 'f32', tokens.map((_, id) => Math.min(0, 259 - id))],
      };
    };

    test('has the published merges, in order', () => {
      expect(files(metadata()).tokenizer).toMatchObject({ model: { merges: published().model.merges } });
    });

    test('gives the ids that transformers gives', () => {
      const expected = JSON.parse(readFileSync(path.replace('tokenizer.json', 'expected.json'), 'utf8')) as {
        tokenizer: readonly { text: string; ids: readonly number[]; decoded: string }[];
      };
      const tokenizer = open(metadata());

      expect(expected.tokenizer).toHaveLength(8);
      for (const { text, ids, decoded } of expected.tokenizer) {
        expect(tokenizer.encode(text)).toEqual(ids);
        expect(tokenizer.decode(ids)).toBe(decoded);
      }
      expect(tokenizer.stopIds).toEqual([2]);
    });

    test('gives the ids of the published tokenizer for varied texts', async () => {
      const [tokenizer, want] = [open(metadata()), await openTokenizer(path.replace('/tokenizer.json', ''))];

      for (const text of variedTexts) expect(tokenizer.encode(text)).toEqual(want.encode(text));
    });

    test('puts no space before a text where the file says so', () => {
      const tokenizer = open({ ...metadata(), 'tokenizer.ggml.add_space_prefix': ['bool', false] });

      const ids = tokenizer.encode('the ');
      expect(ids).not.toEqual(open(metadata()).encode('the '));
      expect(tokenizer.decode(ids)).toBe('the ');
    });

    test('is refused without scores, or with a table that normalises text', () => {
      const { 'tokenizer.ggml.scores': _, ...unscored } = metadata();

      expect(() => files(unscored)).toThrow(
        'tokenizer.ggml.scores is missing, want one number for each of 512',
      );
      expect(() =>
        files({ ...metadata(), 'tokenizer.ggml.precompiled_charsmap': ['array', 'u8', [1]] }),
      ).toThrow('want none (text that is normalised');
    });
  },
);

/**
 * Ids by the Rust library `tokenizers` with the pre-tokenizers of the published models: those of transformers
 * for Qwen2 (class Qwen2Tokenizer) and GPT-2, those of their tokenizer.json for SmolLM2 and Llama 3.
 */
const script = `
import sys, json
from tokenizers import Tokenizer, Regex, pre_tokenizers as pre, normalizers, decoders, AddedToken
from tokenizers.models import BPE
from transformers.models.qwen2.tokenization_qwen2 import PRETOKENIZE_REGEX
r = json.load(sys.stdin)
level = lambda use: pre.ByteLevel(add_prefix_space=False, use_regex=use)
split = lambda pattern: pre.Sequence([pre.Split(Regex(pattern), behavior="isolated"), level(False)])
LLAMA3 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}"
          r"| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")
kinds = {
    'gpt-2': (None, level(True)),
    'smollm': (None, pre.Sequence([pre.Digits(individual_digits=True), level(True)])),
    'qwen2': (normalizers.NFC(), split(PRETOKENIZE_REGEX)),
    'llama-bpe': (None, split(LLAMA3)),
}
out = {}
for name, (normalizer, pre_tokenizer) in kinds.items():
    merges = [tuple(m.split(' ')) for m in r['merges']]
    t = Tokenizer(BPE(vocab=r['vocab'], merges=merges, ignore_merges=name == 'llama-bpe'))
    if normalizer is not None: t.normalizer = normalizer
    t.pre_tokenizer = pre_tokenizer
    t.decoder = decoders.ByteLevel()
    t.add_special_tokens([AddedToken(s, normalized=False) for s in r['special']])
    t.add_tokens([AddedToken('<think>', normalized=False)])
    ids = [t.encode(text).ids for text in r['texts']]
    loaded = Tokenizer.from_str(json.dumps(r['imported'][name]))
    out[name] = {'ids': ids,
                 'loaded': [loaded.encode(text, add_special_tokens=False).ids for text in r['texts']],
                 'decoded': [t.decode(i) for i in ids]}
print(json.dumps(out))
`;

describe.runIf(findPython(['tokenizers', 'transformers']) !== null)(
  "the library of the models' makers",
  () => {
    test('gives the ids and texts of the imported byte-level tokenizers', async () => {
      const kinds = ['gpt-2', 'smollm', 'qwen2', 'llama-bpe'];
      const tokens = [
        ...byteCharacters(),
        ...tinyMerges.map((m) => m.replace(' ', '')),
        ...tinySpecial,
        '<think>',
      ];

      // The script's answer has this shape, or the assertions below fail.
      const answer = (await runPython(script, {
        texts: variedTexts,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: tinyMerges,
        special: tinySpecial,
        imported: Object.fromEntries(kinds.map((pre) => [pre, files(tinyTokenizer(pre)).tokenizer])),
      })) as Record<string, { ids: number[][]; loaded: number[][]; decoded: string[] }>;

      for (const pre of kinds) {
        const tokenizer = open({ ...tinyTokenizer(pre), 'tokenizer.ggml.add_bos_token': ['bool', false] });
        const ids = variedTexts.map((text) => tokenizer.encode(text));
        expect({ pre, ids }).toEqual({ pre, ids: answer[pre]?.ids });
        expect({ pre, ids }).toEqual({ pre, ids: answer[pre]?.loaded });
        expect(ids.map((i) => tokenizer.decode(i))).toEqual(answer[pre]?.decoded);
      }
    });
  },
);
