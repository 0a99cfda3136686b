import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importGguf, readHeader } from '@residency/model';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeGguf, f32s } from '../../../support/gguf-writer.js';
import { largestDifference } from '../../../support/numbers.js';
import { findPython, runPython } from '../../../support/python.js';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.js';
import { type TinyOptions, tinyGguf } from '../../../support/tiny-gguf.js';

/**
 * Loads a GGUF file with transformers' own reader and the imported folder with its ordinary one: hashes of
 * the former's weights, and the largest difference of the logits of the two.
 */
const script = `
import sys, os, json, hashlib, torch
from transformers import AutoModelForCausalLM
from transformers.utils import logging
logging.set_verbosity_error(); logging.disable_progress_bar()
ids = torch.tensor([[3, 200, 17, 64, 9, 250, 33, 108]])
out = {}
for name, (file, folder) in json.load(sys.stdin).items():
    load, (where, base) = AutoModelForCausalLM.from_pretrained, os.path.split(file)
    read = load(where, gguf_file=base, dtype=torch.float32)
    loaded = load(folder, dtype=torch.float32)
    with torch.no_grad(): a, b = read(ids).logits, loaded(ids).logits
    digest = lambda w: hashlib.sha256(w.contiguous().numpy().tobytes()).hexdigest()
    out[name] = {'hashes': {k: digest(v) for k, v in read.state_dict().items()},
                 'frequencies': loaded.model.rotary_emb.inv_freq.tolist(),
                 'difference': (a - b).abs().max().item(), 'spread': a.std().item()}
print(json.dumps(out))
`;

interface Answer {
  readonly hashes: Readonly<Record<string, string>>;
  /** Radians per token of each pair of a head. */
  readonly frequencies: readonly number[];
  readonly difference: number;
  readonly spread: number;
}

/** SHA-256 of the bytes of each tensor. */
async function hashesOf(folder: string): Promise<Record<string, string>> {
  const path = join(folder, 'model.safetensors');
  const bytes = readFileSync(path);
  const { entries } = await readHeader(path);
  return Object.fromEntries(
    [...entries].map(([name, { offset, bytes: size }]) => [
      name,
      createHash('sha256')
        .update(bytes.subarray(offset, offset + size))
        .digest('hex'),
    ]),
  );
}

/** What llama.cpp's converter writes for Llama 3.2 1B: 32 frequencies to base 500,000, factor 32. */
const LLAMA3_FACTORS: readonly number[] = [
  ...new Array<number>(15).fill(1),
  ...[1.6513292789459229, 3.2922627925872803, 9.666730880737305],
  ...new Array<number>(14).fill(32),
];

const models: Readonly<Record<string, TinyOptions>> = {
  llama: { architecture: 'llama', isTied: false },
  qwen2: { architecture: 'qwen2', types: ['Q5_0', 'Q5_1', 'BF16', 'Q5_K'] },
  qwen3: { architecture: 'qwen3', types: ['Q2_K', 'Q3_K', 'Q8_0'] },
};

const python = findPython(['transformers', 'torch', 'gguf']);

describe.runIf(python !== null)('transformers', () => {
  let folder: TemporaryFolder;
  let answers: Readonly<Record<string, Answer>>;
  const outOf = (name: string) => join(folder.path, name);

  beforeAll(async () => {
    folder = await temporaryFolder();
    const contents = Object.entries(models).map(([name, options]) => [name, tinyGguf(options)] as const);
    const { metadata, tensors } = tinyGguf();
    const factors = { name: 'rope_freqs.weight', shape: [32], type: 0, data: f32s(LLAMA3_FACTORS) };
    const places: Record<string, readonly [string, string]> = {};
    for (const [name, gguf] of [
      ...contents,
      ['llama3', { metadata, tensors: [...tensors, factors] }] as const,
    ]) {
      const file = join(folder.path, `${name}.gguf`);
      await writeFile(file, encodeGguf(gguf));
      await importGguf(file, outOf(name), { dtype: 'F32' });
      places[name] = [file, outOf(name)];
    }
    // The script's answer has this shape, or the assertions below fail.
    answers = (await runPython(script, places)) as Readonly<Record<string, Answer>>;
  });
  afterAll(() => folder?.[Symbol.asyncDispose]());

  test.each(Object.entries(models))(
    'reads the same %s from a file and its import',
    async (name, { isTied }) => {
      const { hashes = {}, difference, spread } = answers[name] ?? {};

      // A tied projection is in transformers' list too.
      const { 'lm_head.weight': _, ...others } = hashes;
      expect(await hashesOf(outOf(name))).toEqual(isTied === false ? hashes : others);
      expect(difference).toBe(0);
      expect(spread).toBeGreaterThan(0.01);
    },
  );

  test('scales rotary embeddings by the factors that a file of Llama 3 has', () => {
    const frequencies = answers['llama3']?.frequencies ?? [];

    const ratios = frequencies.map((frequency, i) => 500_000 ** (-i / 32) / frequency);

    expect(ratios).toHaveLength(32);
    expect(largestDifference(ratios, LLAMA3_FACTORS)).toBeLessThan(1e-5);
  });
});
