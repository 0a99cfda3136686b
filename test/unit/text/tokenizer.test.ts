import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTokenizer } from '@residency/text';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { referenceFile } from '../../support/reference-data.js';

/** Printable stand-ins of the 256 bytes, as byte-level tokenizers write them. */
function byteCharacters(): string[] {
  let spare = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const isPrintable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(isPrintable ? byte : spare++);
  });
}

const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const template =
  "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}" +
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

/** One id per byte and three special tokens: small enough to check by hand. */
const byteTokenizer = {
  version: '1.0',
  added_tokens: special.map((content, index) => ({
    id: 256 + index,
    content,
    special: true,
    normalized: false,
  })),
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: {
    type: 'BPE',
    vocab: Object.fromEntries(byteCharacters().map((character, id) => [character, id])),
    merges: [],
  },
};

const bytes = (text: string) => [...Buffer.from(text, 'utf8')];

describe('openTokenizer', () => {
  let dir: string;
  const write = async (files: Readonly<Record<string, unknown>>) => {
    for (const [name, value] of Object.entries(files)) {
      await writeFile(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value));
    }
  };
  const config = { tokenizer_class: 'Qwen2Tokenizer', eos_token: '<|im_end|>', chat_template: template };

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'residency-text-'));
  });
  afterEach(async () => {
    await rm(dir, { recursive: true, force: true });
  });

  test('encodes bytes and special tokens, and decodes back without the special ones', async () => {
    await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': config });
    const tokenizer = await openTokenizer(dir);
    const text = 'Urea 7.2 mmol/L, 38.5 °C 😀\n age ≥ 65';

    expect(tokenizer.encode(text)).toEqual(bytes(text));
    expect(tokenizer.decode([257, ...bytes(text), 258, 256])).toBe(text);
    expect(tokenizer.vocabSize).toBe(259);
  });

  test('decodes nothing for no ids and for ids beyond the vocabulary', async () => {
    await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': config });
    const tokenizer = await openTokenizer(dir);

    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([258])).toBe('');
    expect(tokenizer.decode([5_000, 65, 259])).toBe('A');
  });

  test('keeps spaces before punctuation, which the grader may look at', async () => {
    await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': config });
    const tokenizer = await openTokenizer(dir);

    expect(tokenizer.decode(bytes("do n't stop . now , ?"))).toBe("do n't stop . now , ?");
  });

  test('renders a chat and encodes its tags as single ids', async () => {
    await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': config });
    const tokenizer = await openTokenizer(dir);
    const messages = [{ role: 'user', content: 'Hi {{ 1 }}' }];

    expect(tokenizer.renderChat(messages, { addGenerationPrompt: true })).toBe(
      '<|im_start|>user\nHi {{ 1 }}<|im_end|>\n<|im_start|>assistant\n',
    );
    expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: false })).toEqual([
      257,
      ...bytes('user\nHi {{ 1 }}'),
      258,
      ...bytes('\n'),
    ]);
  });

  test('encodes an answer as the model gives it, with the end that the template has', async () => {
    await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': config });
    const tokenizer = await openTokenizer(dir);
    const messages = [{ role: 'user', content: 'Hi' }];

    const answer = tokenizer.encodeAnswer(messages, 'So °');

    expect(answer).toEqual([...bytes('So °'), 258]);
    expect([
      ...tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }),
      ...answer,
      ...bytes('\n'),
    ]).toEqual(
      tokenizer.applyChatTemplate([...messages, { role: 'assistant', content: 'So °' }], {
        addGenerationPrompt: false,
      }),
    );
  });

  test('encodes what stands between two answers, so that a conversation is the ids that its template makes', async () => {
    await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': config });
    const tokenizer = await openTokenizer(dir);
    const question = { role: 'user', content: 'Hi' };
    const answer = { role: 'assistant', content: 'So' };
    const whole = tokenizer.applyChatTemplate([question, answer, { role: 'user', content: 'On °' }], {
      addGenerationPrompt: true,
    });
    const prompt = tokenizer.applyChatTemplate([question], { addGenerationPrompt: true });

    expect([...prompt, ...bytes('So'), 258, ...tokenizer.encodeReply('On °', { isEnded: true })]).toEqual(
      whole,
    );
    // An answer that was cut off is ended for it.
    expect([...prompt, ...bytes('So'), ...tokenizer.encodeReply('On °', { isEnded: false })]).toEqual(whole);
  });

  test('ends an answer as a template does that trims it, or begins it with words of its own', async () => {
    for (const content of ['m.content | trim', '"<think>" + m.content']) {
      const chat_template = `{% for m in messages %}<|im_start|>{{ ${content} }}<|im_end|>\n{% endfor %}`;
      await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': { ...config, chat_template } });
      const tokenizer = await openTokenizer(dir);
      expect(tokenizer.encodeAnswer([{ role: 'user', content: 'Hi' }], ' So ')).toEqual([
        ...bytes(' So '),
        258,
      ]);
    }
  });

  test('prefers chat_template.jinja, and takes the default of a list of templates', async () => {
    const list = [
      { name: 'tools', template: 'tools' },
      { name: 'default', template: 'listed' },
    ];
    await write({
      'tokenizer.json': byteTokenizer,
      'tokenizer_config.json': { ...config, chat_template: list },
    });
    const listed = await openTokenizer(dir);
    await write({ 'chat_template.jinja': '\n{{ eos_token }}{{ messages | length }}' });
    const file = await openTokenizer(dir);

    expect(listed.renderChat([], { addGenerationPrompt: true })).toBe('listed');
    expect(file.renderChat([], { addGenerationPrompt: true })).toBe('\n<|im_end|>0');
  });

  const stops = [
    ['eos_token of tokenizer_config.json', { eos_token: '<|endoftext|>' }, {}, {}, [256, 258]],
    ['an eos_token object', { eos_token: { content: '<|endoftext|>' } }, {}, {}, [256, 258]],
    ['config.json', {}, { eos_token_id: 7 }, {}, [7, 258]],
    ['a list in generation_config.json', {}, {}, { eos_token_id: [9, 3] }, [3, 9, 258]],
    ['<|im_end|> alone', {}, { eos_token_id: null }, {}, [258]],
  ] as const;

  test.each(stops)(
    'takes stop ids from %s',
    async (_, tokenizerConfig, modelConfig, generationConfig, want) => {
      await write({
        'tokenizer.json': byteTokenizer,
        'tokenizer_config.json': tokenizerConfig,
        'config.json': modelConfig,
        'generation_config.json': generationConfig,
      });

      expect((await openTokenizer(dir)).stopIds).toEqual(want);
    },
  );

  describe('refuses', () => {
    const complete = { 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': config };
    const bad = [
      [
        'a folder without tokenizer.json',
        { 'tokenizer_config.json': config },
        'TEXT_FILE_MISSING',
        'tokenizer.json',
      ],
      [
        'a file that is no JSON',
        { ...complete, 'tokenizer.json': '{"a":' },
        'TEXT_FILE_NOT_JSON',
        'tokenizer.json',
      ],
      [
        'a file that holds a list',
        { ...complete, 'config.json': [] },
        'TEXT_FILE_NOT_JSON',
        'config.json holds a list',
      ],
      [
        'a tokenizer of no known kind',
        { ...complete, 'tokenizer.json': {} },
        'TEXT_TOKENIZER_INVALID',
        'tokenizer.json',
      ],
      [
        'an eos_token_id that is no id',
        { ...complete, 'config.json': { eos_token_id: 'x' } },
        'TEXT_FIELD',
        'eos_token_id is "x"',
      ],
      [
        'a template list without a default',
        { ...complete, 'tokenizer_config.json': { chat_template: [] } },
        'TEXT_FIELD',
        'chat_template',
      ],
      [
        'a template that does not parse',
        { ...complete, 'chat_template.jinja': '{% if %}' },
        'TEXT_CHAT_TEMPLATE',
        'chat template',
      ],
      [
        'a vocabulary without a stop token',
        {
          'tokenizer.json': { ...byteTokenizer, added_tokens: [] },
          'tokenizer_config.json': { tokenizer_class: 'Qwen2Tokenizer' },
        },
        'TEXT_NO_STOP_TOKEN',
        'want eos_token_id',
      ],
    ] as const;

    test.each(bad)('%s', async (_, files, code, message) => {
      await write(files);

      await expect(openTokenizer(dir)).rejects.toMatchObject({
        code,
        message: expect.stringContaining(message),
      });
    });

    test('a folder that does not exist', async () => {
      await expect(openTokenizer(join(dir, 'none'))).rejects.toMatchObject({ code: 'TEXT_FILE_MISSING' });
    });

    test('a file that is a folder', async () => {
      await mkdir(join(dir, 'tokenizer.json'));

      await expect(openTokenizer(dir)).rejects.toMatchObject({ code: 'TEXT_FILE_MISSING' });
    });
  });

  const refusedChats = [
    ['no template', {}, 'TEXT_NO_CHAT_TEMPLATE', 'no chat template'],
    [
      'a template that raises',
      { chat_template: "{{ raise_exception('roles must alternate') }}" },
      'TEXT_CHAT_TEMPLATE',
      'roles must alternate',
    ],
    [
      'a template that reads the clock',
      { chat_template: "{{ strftime_now('%d') }}" },
      'TEXT_CHAT_TEMPLATE',
      'time of day',
    ],
  ] as const;

  test.each(refusedChats)('opens, but renders no chat with %s', async (_, tokenizerConfig, code, message) => {
    await write({ 'tokenizer.json': byteTokenizer, 'tokenizer_config.json': tokenizerConfig });
    const tokenizer = await openTokenizer(dir);

    expect(() => tokenizer.applyChatTemplate([], { addGenerationPrompt: true })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

interface ExpectedIds {
  readonly tokenizer: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly decoded: string;
  }[];
}

describe('a published Llama tokenizer', () => {
  const path = referenceFile('models', 'stories260K', 'expected.json');

  test.runIf(path !== null)('gives the ids and texts that transformers gives', async () => {
    // The file's shape is that of the published vectors; a wrong one fails the assertions below.
    const expected = JSON.parse(await readFile(path ?? '', 'utf8')) as ExpectedIds;
    const tokenizer = await openTokenizer(join(path ?? '', '..'));

    expect(expected.tokenizer).toHaveLength(8);
    for (const row of expected.tokenizer) {
      expect(tokenizer.encode(row.text)).toEqual(row.ids);
      expect(tokenizer.decode(row.ids)).toBe(row.decoded);
    }
    expect(tokenizer.stopIds).toEqual([2]);
    expect(() => tokenizer.renderChat([], { addGenerationPrompt: true })).toThrow(
      expect.objectContaining({ code: 'TEXT_NO_CHAT_TEMPLATE' }),
    );
  });
});
