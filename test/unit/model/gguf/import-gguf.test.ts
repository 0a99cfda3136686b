import { truncateSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type GgufImportOptions,
  importGguf,
  openWeights,
  parseSafetensors,
  readConfig,
  readGguf,
  readTensor,
} from '@residency/model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { encodeGguf, f32s, type GgufContents, type GgufValue } from '../../../support/gguf-writer.js';
import { type TemporaryFolder, temporaryFolder } from '../../../support/temporary-folder.js';
import { TINY_HIDDEN, tensor, tinyGguf } from '../../../support/tiny-gguf.js';

let folder: TemporaryFolder;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder[Symbol.asyncDispose]());

const outDir = () => join(folder.path, 'models', 'tiny');

async function importTiny(contents: GgufContents, options: Partial<GgufImportOptions> = {}) {
  const path = join(folder.path, 'tiny.gguf');
  await writeFile(path, encodeGguf(contents));
  return await importGguf(path, outDir(), { dtype: 'F32', ...options });
}

async function weights(): Promise<ReadonlyMap<string, Float32Array>> {
  const bytes = await readFile(join(outDir(), 'model.safetensors'));
  const { entries } = parseSafetensors(bytes, 'model.safetensors');
  return new Map([...entries].map(([name, entry]) => [name, readTensor(bytes, entry)]));
}

const configOf = async (): Promise<Record<string, unknown>> =>
  JSON.parse(await readFile(join(outDir(), 'config.json'), 'utf8')) as Record<string, unknown>;

/** Tensors of f32 that a GGUF file of the same contents has, by its own names. */
const stored = (contents: GgufContents, name: string): Float32Array => {
  const data = contents.tensors.find((t) => t.name === name)?.data ?? new Uint8Array(0);
  return new Float32Array(new Uint8Array(data).buffer);
};

describe('importGguf', () => {
  test('writes a folder that the decoder opens, and says what it was', async () => {
    const done: number[] = [];

    const result = await importTiny(tinyGguf(), { onTensor: (count, total) => done.push(count / total) });

    expect((await readdir(outDir())).sort()).toEqual([
      'config.json',
      'generation_config.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(result).toMatchObject({
      name: 'Tiny llama',
      architecture: 'llama',
      vocab: 270,
      context: 4096,
      ropeScaling: 'none',
      hasChatTemplate: true,
    });
    expect(Object.fromEntries(result.types)).toEqual({
      ...{ F32: 5, F16: 2, Q4_0: 3, Q4_1: 3, Q8_0: 2, Q4_K: 2, Q6_K: 3 },
    });
    expect(done).toHaveLength(20);
    expect(done.at(-1)).toBe(1);
    const config = await readConfig(outDir());
    expect(config).toMatchObject({ hidden: TINY_HIDDEN, heads: 4, kvHeads: 2, headDim: 64, isTied: true });
    expect((await openWeights(outDir(), config)).files.locations.size).toBe(20);
  });

  const architectures = [
    ['llama', 'LlamaForCausalLM', 64],
    ['qwen2', 'Qwen2ForCausalLM', 64],
    ['qwen3', 'Qwen3ForCausalLM', 128],
  ] as const;

  test.each(architectures)('translates the metadata of %s', async (architecture, className, headDim) => {
    await importTiny(tinyGguf({ architecture, isTied: architecture !== 'qwen2' }));

    expect(await configOf()).toMatchObject({
      architectures: [className],
      model_type: architecture,
      hidden_size: 256,
      intermediate_size: 512,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: headDim,
      vocab_size: 270,
      max_position_embeddings: 4096,
      rms_norm_eps: 1e-5,
      rope_theta: 500_000,
      rope_scaling: null,
      tie_word_embeddings: architecture !== 'qwen2',
      bos_token_id: 266,
      eos_token_id: 268,
      pad_token_id: 266,
    });
  });

  test('takes llama.cpp defaults for what a file leaves out', async () => {
    const { metadata, tensors } = tinyGguf();
    const { 'llama.rope.freq_base': _, 'llama.attention.head_count_kv': __, ...left } = metadata;
    const full = tensors.map((t) => (/attn_[kv]\./.test(t.name) ? tensor(t.name, [256, 256], 'F32', 3) : t));

    await importTiny({ metadata: left, tensors: full });

    expect(await configOf()).toMatchObject({ rope_theta: 10_000, num_key_value_heads: 4 });
  });

  test('takes one value for all layers from a list, and the head size from a key', async () => {
    const contents = tinyGguf({
      architecture: 'qwen3',
      metadata: { 'qwen3.attention.head_count_kv': ['array', 'i32', [2, 2]] },
    });

    await importTiny(contents);

    expect(await configOf()).toMatchObject({ num_key_value_heads: 2, head_dim: 128 });
  });

  test('keeps every bit of f32, and puts the rows of interleaved heads into halves', async () => {
    const contents = tinyGguf({ types: ['F32'], isTied: false });

    await importTiny(contents);

    const found = await weights();
    expect(found.size).toBe(21);
    expect(found.get('lm_head.weight')).toEqual(stored(contents, 'output.weight'));
    expect(found.get('model.norm.weight')).toEqual(stored(contents, 'output_norm.weight'));
    expect(found.get('model.layers.1.mlp.down_proj.weight')).toEqual(
      stored(contents, 'blk.1.ffn_down.weight'),
    );
    expect(found.get('model.layers.1.self_attn.v_proj.weight')).toEqual(
      stored(contents, 'blk.1.attn_v.weight'),
    );
    for (const [name, rows] of [
      ['q', 256],
      ['k', 128],
    ] as const) {
      const before = stored(contents, `blk.1.attn_${name}.weight`);
      const after = found.get(`model.layers.1.self_attn.${name}_proj.weight`) ?? new Float32Array(0);
      for (let row = 0; row < rows; row++) {
        // Row i of the first half of a head was row 2i, of the second half row 2i + 1.
        const [head, half, i] = [Math.floor(row / 64), Math.floor((row % 64) / 32), row % 32];
        const from = head * 64 + 2 * i + half;
        expect(after.subarray(row * 256, (row + 1) * 256)).toEqual(
          before.subarray(from * 256, (from + 1) * 256),
        );
      }
    }
  });

  test.each(['qwen2', 'qwen3'] as const)('leaves the rows of %s in order', async (architecture) => {
    const contents = tinyGguf({ architecture, types: ['F32'] });

    await importTiny(contents);

    const found = await weights();
    expect(found.get('model.layers.0.self_attn.q_proj.weight')).toEqual(
      stored(contents, 'blk.0.attn_q.weight'),
    );
    const small =
      architecture === 'qwen2' ? ['k_proj.bias', 'attn_k.bias'] : ['k_norm.weight', 'attn_k_norm.weight'];
    expect(found.get(`model.layers.0.self_attn.${small[0]}`)).toEqual(stored(contents, `blk.0.${small[1]}`));
  });

  test('rounds to half precision where asked to', async () => {
    const contents = tinyGguf({ types: ['F32'] });

    const { bytes } = await importTiny(contents, { dtype: 'F16' });

    const values = stored(contents, 'token_embd.weight');
    const rounded = (await weights()).get('model.embed_tokens.weight') ?? new Float32Array(0);
    expect(rounded.every((value, i) => Math.abs(value - (values[i] ?? 1)) <= 2 ** -15)).toBe(true);
    expect(await configOf()).toMatchObject({ torch_dtype: 'float16' });
    expect(bytes).toBe((await readFile(join(outDir(), 'model.safetensors'))).length);
  });
});

/** The factors by which Llama 3.1 divides its frequencies (transformers, `_compute_llama3_parameters`). */
function llama3Factors(factor: number, theta: number, headDim: number): number[] {
  return Array.from({ length: headDim / 2 }, (_, i) => {
    const wavelength = 2 * Math.PI * theta ** ((2 * i) / headDim);
    if (wavelength < 8192 / 4) return 1;
    if (wavelength > 8192 / 1) return factor;
    const smooth = (8192 / wavelength - 1) / (4 - 1);
    return 1 / ((1 - smooth) / factor + smooth);
  });
}
const factorsTensor = (factors: readonly number[]) => ({
  name: 'rope_freqs.weight',
  shape: [factors.length],
  type: 0,
  data: f32s(factors),
});
const scaling = (values: Readonly<Record<string, GgufValue>>): Readonly<Record<string, GgufValue>> =>
  Object.fromEntries(Object.entries(values).map(([key, value]) => [`llama.rope.scaling.${key}`, value]));

describe('scaled rotary embeddings', () => {
  const known = [
    ['none', scaling({ type: ['string', 'none'] }), null],
    [
      'linear',
      scaling({ type: ['string', 'linear'], factor: ['f32', 2.5] }),
      { rope_type: 'linear', factor: 2.5 },
    ],
    [
      'YaRN',
      scaling({ type: ['string', 'yarn'], factor: ['f32', 4], original_context_length: ['u32', 32768] }),
      { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 32768 },
    ],
    [
      'YaRN with a band of its own',
      scaling({
        type: ['string', 'yarn'],
        factor: ['f32', 4],
        original_context_length: ['u32', 32768],
        yarn_beta_fast: ['f32', 24.5],
        yarn_beta_slow: ['f32', 2],
      }),
      {
        rope_type: 'yarn',
        factor: 4,
        original_max_position_embeddings: 32768,
        beta_fast: 24.5,
        beta_slow: 2,
      },
    ],
  ] as const;

  test.each(known)('are translated: %s', async (_, metadata, want) => {
    const { ropeScaling } = await importTiny(tinyGguf({ metadata }));

    expect((await configOf())['rope_scaling']).toEqual(want);
    expect(ropeScaling).toBe(want?.rope_type ?? 'none');
  });

  test.each([8, 32])('of Llama 3 are known by their factors (%i)', async (factor) => {
    const { metadata, tensors } = tinyGguf();

    await importTiny({ metadata, tensors: [factorsTensor(llama3Factors(factor, 500_000, 64)), ...tensors] });

    expect((await configOf())['rope_scaling']).toEqual({
      rope_type: 'llama3',
      factor,
      low_freq_factor: 1,
      high_freq_factor: 4,
      original_max_position_embeddings: 8192,
    });
    expect((await weights()).has('rope_freqs.weight')).toBe(false);
  });

  const ones = new Array<number>(32).fill(1);
  const unknown = [
    [
      'another kind',
      { metadata: scaling({ type: ['string', 'longrope'] }) },
      'is "longrope", want none, linear, yarn',
    ],
    [
      'a factor below 1',
      { metadata: scaling({ type: ['string', 'linear'], factor: ['f32', 0.5] }) },
      'is 0.5',
    ],
    [
      'YaRN of unknown origin',
      { metadata: scaling({ type: ['string', 'yarn'], factor: ['f32', 4] }) },
      'is missing',
    ],
    [
      'YaRN with a factor for attention',
      { metadata: scaling({ type: ['string', 'yarn'], factor: ['f32', 4], attn_factor: ['f32', 2] }) },
      'attn_factor is 2, want 1 or none',
    ],
    ['factors of no known kind', { factors: ones.map((_, i) => 1 + i) }, 'as Llama 3 with factor 32 has it'],
    ['factors that are no numbers', { factors: ones.map(() => Number.NaN) }, 'is NaN'],
    ['too few factors', { factors: [1, 2] }, 'rope_freqs.weight is [2], want [32]'],
    [
      'two kinds at once',
      {
        metadata: scaling({ type: ['string', 'linear'], factor: ['f32', 2] }),
        factors: llama3Factors(8, 500_000, 64),
      },
      'want none beside the tensor rope_freqs.weight',
    ],
  ] as const;

  test.each(unknown)('are refused: %s', async (_, change, message) => {
    const { metadata, tensors } = tinyGguf('metadata' in change ? { metadata: change.metadata } : {});
    const factors = 'factors' in change ? [factorsTensor(change.factors)] : [];

    await expect(importTiny({ metadata, tensors: [...tensors, ...factors] })).rejects.toMatchObject({
      name: 'ModelError',
      message: expect.stringContaining(message),
    });
  });
});

describe('an import that fails', () => {
  const without = (name: string): GgufContents => {
    const { metadata, tensors } = tinyGguf();
    return { metadata, tensors: tensors.filter((t) => t.name !== name) };
  };
  const withTensor = (...extra: GgufContents['tensors']): GgufContents => {
    const { metadata, tensors } = tinyGguf();
    const names = new Set(extra.map(({ name }) => name));
    return { metadata, tensors: [...tensors.filter((t) => !names.has(t.name)), ...extra] };
  };
  const change = (metadata: Readonly<Record<string, GgufValue>>): GgufContents => tinyGguf({ metadata });
  const iq4 = { name: 'blk.0.ffn_up.weight', shape: [512, 256], type: 23, data: new Uint8Array(512 * 136) };

  const bad: readonly (readonly [string, GgufContents, string, string])[] = [
    [
      'another architecture',
      change({ 'general.architecture': ['string', 'mamba'] }),
      'MODEL_CONFIG',
      'general.architecture is "mamba", want llama, qwen2, qwen3',
    ],
    [
      'experts',
      change({ 'llama.expert_count': ['u32', 8] }),
      'MODEL_CONFIG',
      'llama.expert_count is 8, want 0',
    ],
    [
      'a window',
      change({ 'llama.attention.sliding_window': ['u32', 512] }),
      'MODEL_CONFIG',
      'sliding_window is 512, want none, or at least the context of 4096 tokens',
    ],
    [
      'layers that differ',
      change({ 'llama.attention.head_count_kv': ['array', 'i32', [2, 4]] }),
      'MODEL_CONFIG',
      'is a list of 2, want the same whole number',
    ],
    [
      'a size of another type',
      change({ 'llama.block_count': ['string', 'two'] }),
      'MODEL_CONFIG',
      'llama.block_count is "two", want a whole number',
    ],
    [
      'more layers than there can be',
      change({ 'llama.block_count': ['u32', 0xffffffff] }),
      'MODEL_CONFIG',
      'block_count is 4294967295, want at most the number of tensors, 20',
    ],
    [
      'rotation of a part of a head',
      change({ 'llama.rope.dimension_count': ['u32', 32] }),
      'MODEL_CONFIG',
      'dimension_count is 32, want 64, the size of a head',
    ],
    [
      'an odd head',
      change({ 'llama.attention.key_length': ['u32', 63] }),
      'MODEL_CONFIG',
      'key_length is 63, want an even size',
    ],
    [
      'a type that is not read',
      withTensor(iq4),
      'MODEL_WEIGHT',
      'tensor blk.0.ffn_up.weight has type IQ4_XS, want F32, F16, Q4_0',
    ],
    [
      'a tensor of nothing known',
      withTensor(tensor('blk.0.attn_q.bias', [256], 'F32', 1)),
      'MODEL_WEIGHT',
      'tensor blk.0.attn_q.bias is unknown, want those of a llama decoder',
    ],
    [
      'a missing tensor',
      without('blk.1.ffn_norm.weight'),
      'MODEL_WEIGHT',
      'blk.1.ffn_norm.weight is missing',
    ],
    [
      'a tensor of another shape',
      withTensor(tensor('blk.1.ffn_norm.weight', [64], 'F32', 1)),
      'MODEL_WEIGHT',
      'blk.1.ffn_norm.weight is [64], want [256]',
    ],
    [
      'another tokenizer',
      change({ 'tokenizer.ggml.model': ['string', 't5'] }),
      'MODEL_CONFIG',
      'tokenizer.ggml.model is "t5", want gpt2 or llama',
    ],
    [
      'another pre-tokenizer',
      change({ 'tokenizer.ggml.pre': ['string', 'kimi-k2'] }),
      'MODEL_CONFIG',
      'tokenizer.ggml.pre is "kimi-k2", want default, gpt-2, smollm, qwen2',
    ],
  ];

  test.each(bad)('says why and leaves nothing behind: %s', async (_, contents, code, message) => {
    await expect(importTiny(contents)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });

    expect(await readdir(folder.path, { recursive: true })).not.toContain('models/tiny');
    expect((await readdir(folder.path, { recursive: true })).filter((name) => name.includes('tmp'))).toEqual(
      [],
    );
  });

  test('leaves nothing behind where it is aborted halfway', async () => {
    const abort = new AbortController();
    const onTensor = (done: number): void => {
      if (done === 5) abort.abort(new Error('stopped by the user'));
    };

    await expect(importTiny(tinyGguf(), { signal: abort.signal, onTensor })).rejects.toThrow(
      'stopped by the user',
    );

    expect(await readdir(join(folder.path, 'models'))).toEqual([]);
  });

  test('says what the system refused', async () => {
    await writeFile(join(folder.path, 'models'), 'a file where a folder should be');

    await expect(importTiny(tinyGguf())).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: expect.stringMatching(/models\/tiny: cannot be written \(ENOTDIR/),
    });
  });

  test('touches no folder that exists', async () => {
    await mkdir(outDir(), { recursive: true });

    await expect(importTiny(tinyGguf())).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: expect.stringContaining('exists, want a folder that is new'),
    });
    expect(await readdir(outDir())).toEqual([]);
    expect(await readdir(join(folder.path, 'models'))).toEqual(['tiny']);
  });

  test('finds that a file became shorter after its header was read', async () => {
    const path = join(folder.path, 'tiny.gguf');
    const bytes = encodeGguf(tinyGguf());
    await writeFile(path, bytes);
    const { tensors } = await readGguf(path);
    const last = Math.max(...[...tensors.values()].map(({ offset }) => offset));

    await expect(
      importGguf(path, outDir(), {
        dtype: 'F32',
        onTensor: (done) => {
          if (done === 1) truncateSync(path, last);
        },
      }),
    ).rejects.toMatchObject({ code: 'MODEL_FILE', message: expect.stringContaining('truncated: tensor') });
    expect(await readdir(join(folder.path, 'models'))).toEqual([]);
  });
});
