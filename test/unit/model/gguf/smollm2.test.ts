import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type GgufImport, importGguf, readHeader } from '@residency/model';
import { openTokenizer } from '@residency/text';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findPython, runPython } from '../../../support/python.js';
import { runModel } from '../../../support/run-model.js';
import { findSmollm2 } from '../../../support/smollm2.js';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.js';
import { variedTexts } from '../../../support/varied-texts.js';

const chats = [
  [{ role: 'user', content: 'List five signs of dehydration in an adult.' }],
  [
    { role: 'system', content: 'You are a nurse.' },
    { role: 'user', content: 'Count to 3.\nThen stop.' },
    { role: 'assistant', content: '1, 2, 3' },
    { role: 'user', content: ' again ' },
  ],
];
const PASSAGE =
  'A 72-year-old woman with heart failure was admitted with breathlessness and swelling of both legs. ' +
  'Her blood pressure was 98/60 mmHg, the heart rate 110 per minute, and the oxygen saturation 89 % on room air.';
const NEW_TOKENS = 48;

/**
 * What transformers makes of the file. Its tokenizer for GGUF does not know the pre-tokenizer "smollm" and
 * leaves digits in one piece, so that it gets the one of SmolLM2's published tokenizer.json.
 */
const script = `
import sys, os, json, hashlib, torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.utils import logging
from tokenizers import pre_tokenizers as pre
logging.set_verbosity_error(); logging.disable_progress_bar()
r = json.load(sys.stdin)
where, name = os.path.split(r['file'])
t = AutoTokenizer.from_pretrained(where, gguf_file=name)
plain = [t(text, add_special_tokens=True).input_ids for text in r['texts']]
t.backend_tokenizer.pre_tokenizer = pre.Sequence(
    [pre.Digits(individual_digits=True), pre.ByteLevel(add_prefix_space=False, use_regex=True)])
ids = [t(text, add_special_tokens=True).input_ids for text in r['texts']]
folder = AutoTokenizer.from_pretrained(r['folder'])
render = lambda chat, add: t.apply_chat_template(chat, tokenize=False, add_generation_prompt=add)
m = AutoModelForCausalLM.from_pretrained(where, gguf_file=name, dtype=torch.float32).eval()
passage = t(r['passage']).input_ids
prompt = t(render(r['chats'][0], True), add_special_tokens=False).input_ids
with torch.no_grad():
    scores = torch.log_softmax(m(torch.tensor([passage])).logits[0].double(), -1)
    greedy, logprobs, cache, step = [], [], None, prompt
    for _ in range(r['count']):
        o = m(torch.tensor([step]), past_key_values=cache, use_cache=True)
        row, cache = torch.log_softmax(o.logits[0, -1].double(), -1), o.past_key_values
        greedy.append(int(row.argmax())); logprobs.append(row.max().item()); step = greedy[-1:]
digest = lambda w: hashlib.sha256(w.contiguous().numpy().tobytes()).hexdigest()
print(json.dumps({
    'hashes': {k: digest(v) for k, v in m.state_dict().items() if k != 'lm_head.weight'},
    'ids': ids, 'plain': plain, 'folder': [folder(text).input_ids for text in r['texts']],
    'decoded': [t.decode(i, skip_special_tokens=True, clean_up_tokenization_spaces=False) for i in ids],
    'chats': [render(chat, add) for chat in r['chats'] for add in (True, False)],
    'passage': passage, 'scores': [scores[i, passage[i + 1]].item() for i in range(len(passage) - 1)],
    'prompt': prompt, 'greedy': greedy, 'logprobs': logprobs, 'text': t.decode(greedy),
}))
`;

interface Answer {
  readonly hashes: Readonly<Record<string, string>>;
  /**
   * Ids of the varied texts: as published, as transformers reads the file, as it reads the imported folder.
   */
  readonly ids: readonly (readonly number[])[];
  readonly plain: readonly (readonly number[])[];
  readonly folder: readonly (readonly number[])[];
  readonly decoded: readonly string[];
  readonly chats: readonly string[];
  readonly passage: readonly number[];
  readonly scores: readonly number[];
  readonly prompt: readonly number[];
  readonly greedy: readonly number[];
  readonly logprobs: readonly number[];
  readonly text: string;
}

const file = findSmollm2();
const python = findPython(['transformers', 'torch', 'gguf', 'tokenizers']);
const furthest = (a: readonly number[], b: readonly number[]): number =>
  a.length === b.length
    ? Math.max(...a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN))))
    : Number.NaN;

describe.runIf(file !== null && python !== null)('SmolLM2-135M-Instruct in Q4_1, imported', () => {
  let folder: TemporaryFolder;
  let dir: string;
  let result: GgufImport;
  let want: Answer;

  beforeAll(async () => {
    folder = await temporaryFolder();
    dir = join(folder.path, 'smollm2');
    const started = performance.now();
    result = await importGguf(file ?? '', dir, { dtype: 'F32' });
    process.stderr.write(`SmolLM2 imported in ${((performance.now() - started) / 1_000).toFixed(1)} s\n`);
    const request = { file, folder: dir, texts: variedTexts, chats, passage: PASSAGE, count: NEW_TOKENS };
    // The script's answer has this shape, or the assertions below fail.
    want = (await runPython(script, request)) as Answer;
  });
  afterAll(async () => {
    await folder?.[Symbol.asyncDispose]();
  });

  test('has the parameters, types and sizes of the model', () => {
    expect(result).toMatchObject({
      architecture: 'llama',
      parameters: 134_515_008,
      vocab: 49_152,
      context: 8_192,
    });
    expect([...result.types]).toEqual([
      ['Q4_1', 210],
      ['F32', 61],
      ['Q8_0', 1],
    ]);
  });

  test('has the weights that transformers dequantises, to the bit', async () => {
    const path = join(dir, 'model.safetensors');
    const bytes = readFileSync(path);
    const { entries } = await readHeader(path);
    const found = [...entries].map(([name, { offset, bytes: size }]) => [
      name,
      createHash('sha256')
        .update(bytes.subarray(offset, offset + size))
        .digest('hex'),
    ]);

    expect(found).toHaveLength(272);
    expect(Object.fromEntries(found)).toEqual(want.hashes);
  });

  test('cuts texts into the ids of the published tokenizer, and decodes them', async () => {
    const tokenizer = await openTokenizer(dir);

    const ids = variedTexts.map((text) => tokenizer.encode(text));

    expect(ids).toEqual(want.ids);
    expect(ids).toEqual(want.folder);
    expect(ids.map((row) => tokenizer.decode(row))).toEqual(want.decoded);
    expect(tokenizer.stopIds).toEqual([2]);
    const same = want.plain.filter((row, i) => row.join() === want.ids[i]?.join()).length;
    process.stderr.write(`transformers' own GGUF tokenizer agrees on ${same} of ${ids.length} texts\n`);
  });

  test('renders chats as transformers does', async () => {
    const tokenizer = await openTokenizer(dir);

    const found = chats.flatMap((chat) =>
      [true, false].map((addGenerationPrompt) => tokenizer.renderChat(chat, { addGenerationPrompt })),
    );

    expect(found).toEqual(want.chats);
    expect(tokenizer.applyChatTemplate(chats[0] ?? [], { addGenerationPrompt: true })).toEqual(want.prompt);
  });

  test('scores a passage as transformers does', async () => {
    const { passage, scores } = want;
    const model = await runModel(dir);

    const [found = []] = await model.score(passage.slice(0, 1), [passage.slice(1)]);

    const difference = furthest(found, scores);
    process.stderr.write(`SmolLM2: largest difference of ${scores.length} log-probabilities ${difference}\n`);
    expect(scores.length).toBeGreaterThan(50);
    expect(difference).toBeLessThan(1e-3);
  });

  test('answers greedily with the words of transformers', async () => {
    const { prompt, greedy, logprobs } = want;
    const model = await runModel(dir);

    const sample = await model.generate(prompt, NEW_TOKENS);

    const end = greedy.indexOf(2) === -1 ? greedy.length : greedy.indexOf(2) + 1;
    const difference = furthest(sample.logprobs.slice(0, end), logprobs.slice(0, end));
    process.stderr.write(`SmolLM2 says, its log-probabilities within ${difference}: ${want.text}\n`);
    expect(end).toBeGreaterThanOrEqual(24);
    expect(sample.ids.slice(0, end)).toEqual(greedy.slice(0, end));
    expect(difference).toBeLessThan(1e-3);
  });
});
