import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  exportMerged,
  type LoraAdapter,
  type MergedExport,
  type NamedTensor,
  parseSafetensors,
  readTensor,
  type WeightDType,
  writeSafetensors,
} from '@residency/model';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { largestDifference, randomNumbers } from '../../../support/numbers.js';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.js';

const tensor = (name: string, shape: readonly number[], seed: number): NamedTensor => ({
  name,
  shape,
  data: Float32Array.from(
    randomNumbers(
      shape.reduce((n, d) => n * d, 1),
      seed,
    ),
  ),
});
const BASE = [
  tensor('model.embed_tokens.weight', [7, 4], 1),
  tensor('model.layers.0.mlp.up_proj.weight', [6, 4], 2),
  tensor('model.layers.0.mlp.down_proj.weight', [4, 6], 3),
  tensor('model.norm.weight', [4], 4),
  tensor('lm_head.weight', [7, 4], 5),
];
const PAIR = {
  module: 'model.layers.0.mlp.up_proj',
  a: tensor('base_model.model.model.layers.0.mlp.up_proj.lora_A.weight', [2, 4], 6),
  b: tensor('base_model.model.model.layers.0.mlp.up_proj.lora_B.weight', [6, 2], 7),
};
const ADAPTER: LoraAdapter = { rank: 2, alpha: 3, scale: 1.5, pairs: [PAIR] };
/** As Python spells it: a number with a point must keep it. */
const CONFIG = '{\n  "model_type": "llama",\n  "rope_theta": 10000.0,\n  "dtype": "bfloat16"\n}\n';

let folder: TemporaryFolder;
let base: string;
beforeEach(async () => {
  folder = await temporaryFolder();
  base = join(folder.path, 'base');
  await mkdir(base);
  await writeFile(join(base, 'config.json'), CONFIG);
  await writeFile(join(base, 'model.safetensors'), writeSafetensors(BASE));
});
afterEach(() => folder[Symbol.asyncDispose]());

const requestOf = (change: Partial<MergedExport> = {}): MergedExport => ({
  baseDir: base,
  adapter: ADAPTER,
  outDir: join(folder.path, 'out'),
  dtype: 'F32',
  ...change,
});

async function tensorsIn(file: string): Promise<Map<string, Float32Array>> {
  const bytes = await readFile(join(folder.path, 'out', file));
  const { entries } = parseSafetensors(bytes, file);
  return new Map([...entries].map(([name, entry]) => [name, readTensor(bytes, entry)]));
}

/** W + scale B A by its definition. */
const mergedAt = (
  w: NamedTensor,
  { a, b }: typeof PAIR,
  scale: number,
  row: number,
  column: number,
): number => {
  const [rank = 0, columns = 0] = a.shape;
  const product = Array.from(
    { length: rank },
    (_, r) => (b.data[row * rank + r] ?? 0) * (a.data[r * columns + column] ?? 0),
  ).reduce((sum, v) => sum + v, 0);
  return (w.data[row * columns + column] ?? 0) + scale * product;
};

describe('exportMerged', () => {
  it('adds the scaled product to the adapted weight and leaves the bits of all others', async () => {
    const summary = await exportMerged(requestOf());
    const found = await tensorsIn('model.safetensors');
    const [, up] = BASE;

    expect(summary).toEqual({ files: ['model.safetensors'], bytes: 4 * (28 + 24 + 24 + 4 + 28), weights: 5 });
    expect([...found.keys()]).toEqual(BASE.map(({ name }) => name));
    for (const { name, data } of BASE) {
      const merged = found.get(name) ?? new Float32Array();
      const want = (_: number, i: number): number =>
        up ? mergedAt(up, PAIR, 1.5, i >> 2, i & 3) : Number.NaN;
      expect(merged).toEqual(name === up?.name ? data.map(want) : data);
    }
  });

  it('merges weights that are longer than what is read at once', async () => {
    const [rows, columns] = [2_050, 2_048];
    const w = tensor('x.weight', [rows, columns], 1);
    const long = { module: 'x', a: tensor('a', [1, columns], 2), b: tensor('b', [rows, 1], 3) };
    await writeFile(join(base, 'model.safetensors'), writeSafetensors([w]));
    await exportMerged(requestOf({ adapter: { rank: 1, alpha: 2, scale: 2, pairs: [long] } }));
    const merged = (await tensorsIn('model.safetensors')).get('x.weight') ?? new Float32Array();

    expect(merged).toHaveLength(rows * columns);
    for (const row of [0, 1, 2_046, 2_047, 2_048, 2_049]) {
      for (const column of [0, 1_000, columns - 1])
        expect(merged[row * columns + column]).toBe(Math.fround(mergedAt(w, long, 2, row, column)));
    }
  });

  it.each([
    ['F32', 'float32', 4],
    ['F16', 'float16', 2],
    ['BF16', 'bfloat16', 2],
  ] as const)('writes %s and says so in config.json, whose other text stays', async (dtype, name, size) => {
    const { bytes } = await exportMerged(requestOf({ dtype }));
    const { entries } = parseSafetensors(await readFile(join(folder.path, 'out', 'model.safetensors')), 'm');

    expect(bytes).toBe(size * 108);
    expect(new Set([...entries.values()].map((entry) => entry.dtype))).toEqual(new Set<WeightDType>([dtype]));
    expect(await readFile(join(folder.path, 'out', 'config.json'), 'utf8')).toBe(
      CONFIG.replace('bfloat16', name),
    );
  });

  it.each([
    ['{"model_type": "llama"}', '{"torch_dtype": "float16","model_type": "llama"}'],
    ['{\n "torch_dtype": null,\n "a": 1\n}', '{\n "torch_dtype": "float16",\n "a": 1\n}'],
    ['{"dtype":"float16"}', '{"dtype":"float16"}'],
    ['{}', '{}'],
  ])('edits the text %s', async (before, after) => {
    await writeFile(join(base, 'config.json'), before);
    await exportMerged(requestOf({ dtype: 'F16' }));

    expect(await readFile(join(folder.path, 'out', 'config.json'), 'utf8')).toBe(after);
  });

  it('cuts weights into shards below a size, with an index, and reads such shards', async () => {
    const { files } = await exportMerged(requestOf({ maxShardBytes: 220 }));
    const index = JSON.parse(
      await readFile(join(folder.path, 'out', 'model.safetensors.index.json'), 'utf8'),
    );

    expect(files).toEqual([1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`));
    expect((await Promise.all(files.map(tensorsIn))).map((held) => [...held.keys()])).toEqual([
      ['model.embed_tokens.weight', 'model.layers.0.mlp.up_proj.weight'],
      ['model.layers.0.mlp.down_proj.weight', 'model.norm.weight'],
      ['lm_head.weight'],
    ]);
    expect(index.metadata).toEqual({ total_size: 432 });
    expect(index.weight_map['model.norm.weight']).toBe(files[1]);

    // Once more from the shards, with what was added taken away; files that the index does not name are
    // passed over.
    const shards = join(folder.path, 'out');
    await writeFile(join(shards, 'consolidated.safetensors'), writeSafetensors([tensor('old', [3], 9)]));
    const back = join(folder.path, 'back');
    await exportMerged({
      ...requestOf({ baseDir: shards, outDir: back }),
      adapter: { ...ADAPTER, scale: -1.5 },
    });
    const bytes = await readFile(join(back, 'model.safetensors'));
    const { entries } = parseSafetensors(bytes, 'back');
    expect([...entries.keys()]).toEqual(BASE.map(({ name }) => name));
    for (const { name, data } of BASE) {
      const entry = entries.get(name);
      expect(largestDifference(entry ? readTensor(bytes, entry) : [], data)).toBeLessThan(1e-6);
    }
  });

  it('leaves a tied head out', async () => {
    await writeFile(join(base, 'config.json'), '{"tie_word_embeddings": true}');
    await exportMerged(requestOf());

    expect([...(await tensorsIn('model.safetensors')).keys()]).toEqual(
      BASE.slice(0, 4).map(({ name }) => name),
    );
  });

  it('takes along tokenizer, settings and licence, and nothing else', async () => {
    const along = [
      'LICENSE',
      'chat_template.jinja',
      'generation_config.json',
      'merges.txt',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer.model',
      'tokenizer_config.json',
      'vocab.json',
    ];
    for (const name of [...along, 'README.md', 'pytorch_model.bin', 'run.py'])
      await writeFile(join(base, name), `this is ${name}`);
    await exportMerged(requestOf());

    expect((await readdir(join(folder.path, 'out'))).sort()).toEqual(
      [...along, 'config.json', 'model.safetensors'].sort(),
    );
    expect(await readFile(join(folder.path, 'out', 'merges.txt'), 'utf8')).toBe('this is merges.txt');
  });

  it.each<[string, Partial<MergedExport>, string, string]>([
    [
      'an adapter of another width',
      { adapter: { ...ADAPTER, pairs: [{ ...PAIR, a: tensor('a', [2, 5], 1) }] } },
      'MODEL_ADAPTER',
      "the base model's model.layers.0.mlp.up_proj.weight is [6,4], want [6,5] as its LoRA pair",
    ],
    [
      'an adapter of another model',
      { adapter: { ...ADAPTER, pairs: [{ ...PAIR, module: 'x' }] } },
      'MODEL_ADAPTER',
      "the base model's x.weight is missing, want [6,4]",
    ],
    [
      'values beyond half precision',
      { dtype: 'F16', adapter: { ...ADAPTER, scale: 1e6 } },
      'MODEL_NUMERIC',
      'model.layers.0.mlp.up_proj.weight holds',
    ],
    ['a base that is none', { baseDir: '/nowhere' }, 'MODEL_FILE', '/nowhere: cannot be read'],
  ])('refuses %s and leaves nothing behind', async (_, change, code, message) => {
    await expect(exportMerged(requestOf(change))).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
    expect(await readdir(folder.path)).toEqual(['base']);
  });

  it('stops by its signal and leaves nothing behind', async () => {
    const signal = AbortSignal.abort(new Error('enough'));

    await expect(exportMerged(requestOf({ signal }))).rejects.toThrow('enough');
    expect(await readdir(folder.path)).toEqual(['base']);
  });

  it('says what a base lacks', async () => {
    await writeFile(
      join(base, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: { a: 'model-00001-of-00002.safetensors' } }),
    );
    await expect(exportMerged(requestOf())).rejects.toThrow(
      'names model-00001-of-00002.safetensors, which is not',
    );
    await writeFile(join(base, 'config.json'), '[]');
    await expect(exportMerged(requestOf())).rejects.toThrow('config.json: want a JSON object');
  });
});
