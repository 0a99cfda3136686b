import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig, readConfig } from '@residency/model';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TINY_LLAMA, TINY_QWEN2 } from '../../support/tiny-model.js';

type Json = Readonly<Record<string, unknown>>;
const TINY_MISTRAL = { ...TINY_LLAMA, model_type: 'mistral', sliding_window: null };
const TINY_QWEN3 = { ...TINY_QWEN2, model_type: 'qwen3' };
const without = (json: Json, ...fields: readonly string[]): Json =>
  Object.fromEntries(Object.entries(json).filter(([name]) => !fields.includes(name)));
const LLAMA3 = {
  factor: 32,
  high_freq_factor: 4,
  low_freq_factor: 1,
  original_max_position_embeddings: 8192,
  rope_type: 'llama3',
};

describe('config.json', () => {
  it('takes the rotary base from rope_parameters, where newer transformers write it', () => {
    const json = {
      ...without(TINY_QWEN2, 'rope_theta'),
      rope_parameters: { rope_type: 'default', rope_theta: 1000 },
    };

    expect(parseConfig(json, 'c')).toEqual({ ...parseConfig(TINY_QWEN2, 'c'), ropeTheta: 1000 });
    expect(parseConfig(TINY_QWEN2, 'c').ropeTheta).toBe(10_000);
  });

  it.each([
    [
      { rope_theta: 500_000, rope_scaling: LLAMA3 },
      { rope_parameters: { ...LLAMA3, rope_theta: 500_000 } },
      { kind: 'llama3', factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalPositions: 8192 },
    ],
    [
      { rope_theta: 500_000, rope_scaling: { type: 'linear', factor: 2 } },
      { rope_parameters: { rope_type: 'linear', factor: 2, rope_theta: 500_000 } },
      { kind: 'linear', factor: 2 },
    ],
    [
      // The positions of pretraining default to those of the model, the factor to their ratio.
      { rope_theta: 500_000, rope_scaling: { type: 'yarn', original_max_position_embeddings: 32 } },
      {
        rope_parameters: { rope_type: 'yarn', factor: 4, rope_theta: 500_000 },
        original_max_position_embeddings: 32,
      },
      {
        kind: 'yarn',
        factor: 4,
        attentionFactor: 0.1 * Math.log(4) + 1,
        betaFast: 32,
        betaSlow: 1,
        originalPositions: 32,
        truncate: true,
      },
    ],
  ])('reads scaled rotary embeddings as transformers 4 and 5 write them: %j', (four, five, rope) => {
    const base = without(TINY_LLAMA, 'rope_theta');

    expect(parseConfig({ ...base, ...four }, 'c')).toMatchObject({ rope, ropeTheta: 500_000 });
    expect(parseConfig({ ...base, ...five }, 'c')).toEqual(parseConfig({ ...base, ...four }, 'c'));
  });

  it("takes an attention factor of yarn's own, and DeepSeek's two", () => {
    const of = (more: Json): unknown =>
      parseConfig({ ...TINY_LLAMA, rope_scaling: { type: 'yarn', factor: 40, ...more } }, 'c').rope;

    expect(of({ attention_factor: 1.5 })).toMatchObject({ attentionFactor: 1.5 });
    // Recorded from transformers 5.24.
    expect(of({ mscale: 1, mscale_all_dim: 707 / 1000 })).toMatchObject({
      attentionFactor: 1.0857263992561355,
    });
    expect(of({ mscale: 1, mscale_all_dim: 0 })).toMatchObject({ attentionFactor: 0.1 * Math.log(40) + 1 });
  });

  it.each([
    ['llama', TINY_LLAMA, { qkv: false, output: false, mlp: false }, false],
    ['llama', { ...TINY_LLAMA, attention_bias: true }, { qkv: true, output: true, mlp: false }, false],
    ['llama', { ...TINY_LLAMA, mlp_bias: true }, { qkv: false, output: false, mlp: true }, false],
    ['mistral', TINY_MISTRAL, { qkv: false, output: false, mlp: false }, false],
    ['qwen2', TINY_QWEN2, { qkv: true, output: false, mlp: false }, false],
    ['qwen3', TINY_QWEN3, { qkv: false, output: false, mlp: false }, true],
    ['qwen3', { ...TINY_QWEN3, attention_bias: true }, { qkv: true, output: true, mlp: false }, true],
  ])('knows the biases and norms of %s', (family, json, biases, hasQkNorm) => {
    expect(parseConfig(json, 'c')).toMatchObject({ family, biases, hasQkNorm });
  });

  it('fills in what a family leaves out', () => {
    const bare = (json: Json): Json =>
      without(json, 'head_dim', 'num_key_value_heads', 'tie_word_embeddings', 'rope_theta', 'rms_norm_eps');

    expect(parseConfig(bare(TINY_LLAMA), 'c')).toMatchObject({
      headDim: 2,
      kvHeads: 4,
      isTied: false,
      ropeTheta: 10_000,
      normEpsilon: 1e-6,
    });
    expect(parseConfig({ ...bare(TINY_QWEN3), num_key_value_heads: 1 }, 'c').headDim).toBe(128);
    expect(parseConfig({ ...bare(TINY_MISTRAL), hidden_size: 32, num_attention_heads: 8 }, 'c').kvHeads).toBe(
      8,
    );
    expect(parseConfig({ ...bare(TINY_QWEN2), num_key_value_heads: null }, 'c').kvHeads).toBe(4);
  });

  it.each([
    [{ ...TINY_MISTRAL, sliding_window: 32 }, 32],
    [{ ...TINY_MISTRAL, sliding_window: 4096 }, 128],
    [{ ...without(TINY_MISTRAL, 'sliding_window'), max_position_embeddings: 8192 }, 4096],
    [{ ...TINY_QWEN2, sliding_window: 32 }, 128],
    [{ ...TINY_QWEN2, sliding_window: 32, use_sliding_window: true }, 128],
    [{ ...TINY_QWEN2, sliding_window: 32, use_sliding_window: true, max_window_layers: 1 }, 32],
    [{ ...TINY_QWEN2, sliding_window: 32, use_sliding_window: true, max_window_layers: 0 }, 32],
    [
      {
        ...TINY_QWEN3,
        sliding_window: 32,
        use_sliding_window: true,
        layer_types: ['sliding_attention', 'full_attention'],
      },
      32,
    ],
    [
      {
        ...TINY_QWEN3,
        sliding_window: 32,
        use_sliding_window: true,
        max_window_layers: 0,
        layer_types: ['full_attention', 'full_attention'],
      },
      128,
    ],
  ])('allows no more positions than a sliding window that is in use: %j', (json, maxPositions) => {
    expect(parseConfig(json, 'c').maxPositions).toBe(maxPositions);
  });

  it.each([
    [{ model_type: 'phi3' }, 'c: model_type is "phi3", want "llama", "mistral", "qwen2" or "qwen3"'],
    [{ model_type: undefined }, 'c: model_type is missing, want "llama", "mistral", "qwen2" or "qwen3"'],
    [{ rope_scaling: 'linear' }, 'c: rope_scaling is "linear", want an object or null'],
    [
      { rope_scaling: { factor: 2 } },
      'c: rope_scaling.rope_type is missing, want "default", "linear", "llama3" or "yarn"',
    ],
    [
      { rope_scaling: { type: 'dynamic', factor: 2 } },
      'c: rope_scaling.type is "dynamic", want "default", "linear", "llama3" or "yarn"',
    ],
    [
      { rope_parameters: { rope_type: 'longrope', rope_theta: 1000 } },
      'c: rope_parameters.rope_type is "longrope", want "default", "linear", "llama3" or "yarn"',
    ],
    [
      { rope_parameters: { full_attention: { rope_type: 'default' } } },
      'c: rope_parameters is {"full_attention":{"rope_type":"default"}}, want one rotary embedding for all layers',
    ],
    [{ rope_scaling: { type: 'linear' } }, 'c: rope_scaling.factor is missing, want a number of at least 1'],
    [
      { rope_scaling: { type: 'yarn', factor: 0.5 } },
      'c: rope_scaling.factor is 0.5, want a number of at least 1',
    ],
    [
      { rope_scaling: { type: 'yarn', factor: 2, beta_fast: 1, beta_slow: 32 } },
      'c: rope_scaling.beta_fast is 1, want at least beta_slow = 32',
    ],
    [
      { rope_scaling: { ...LLAMA3, high_freq_factor: 1 } },
      'c: rope_scaling.high_freq_factor is 1, want more than low_freq_factor = 1',
    ],
    [
      { rope_scaling: { ...LLAMA3, low_freq_factor: undefined } },
      'c: rope_scaling.low_freq_factor is missing, want a number above 0',
    ],
    [{ rope_theta: '10000' }, 'c: rope_theta is "10000", want a number above 0'],
    [{ partial_rotary_factor: 0.5 }, 'c: partial_rotary_factor is 0.5, want 1'],
    [
      { rope_parameters: { rope_type: 'default', partial_rotary_factor: 0.25 } },
      'c: rope_parameters.partial_rotary_factor is 0.25, want 1',
    ],
    [
      { quantization_config: { quant_method: 'gptq', bits: 4 } },
      'c: quantization_config is {"quant_method":"gptq","bits":4}, want null (weights in F32, F16 or BF16)',
    ],
    [{ hidden_size: 0 }, 'c: hidden_size is 0, want a whole number above 0'],
    [
      { hidden_size: 10, head_dim: undefined },
      'c: hidden_size is 10, want an even multiple of num_attention_heads = 4',
    ],
    [{ head_dim: 3 }, 'c: head_dim is 3, want an even number'],
    [{ vocab_size: undefined }, 'c: vocab_size is missing, want a whole number above 0'],
    [{ num_key_value_heads: 3 }, 'c: num_key_value_heads is 3, want a divisor of num_attention_heads = 4'],
    [{ hidden_act: 'gelu' }, 'c: hidden_act is "gelu", want "silu"'],
    [{ tie_word_embeddings: 'yes' }, 'c: tie_word_embeddings is "yes", want true or false'],
    [
      { layer_types: ['linear_attention'] },
      'c: layer_types is ["linear_attention"], want a list of "full_attention" and "sliding_attention"',
    ],
    [
      { layer_types: ['sliding_attention', 'full_attention'] },
      'c: use_sliding_window is missing, want true, as layer_types has "sliding_attention"',
    ],
  ])('refuses %j', (change, message) => {
    expect(() => parseConfig({ ...TINY_QWEN2, ...change }, 'c')).toThrow(message);
    expect(() => parseConfig({ ...TINY_QWEN2, ...change }, 'c')).toThrow(
      expect.objectContaining({ code: 'MODEL_CONFIG' }),
    );
  });
});

describe('a folder without a config.json that can be read', () => {
  it.each([
    ['config.json', 'version https://git-lfs.github.com/spec/v1\noid', 'is a Git LFS pointer'],
    ['config.json', '<!DOCTYPE html><html>', 'is a web page'],
    ['config.json', 'model_type: llama', 'is not JSON'],
    ['config.json', '[]', 'want a JSON object'],
    ['model.Q8_0.gguf', 'GGUF', 'has model.Q8_0.gguf, a GGUF file, of which `residency import` makes'],
    ['adapter_model.safetensors', '', 'has adapter_model.safetensors, an adapter'],
  ])('with %s of %j says what it is', async (name, text, message) => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, name), text);

    await expect(readConfig(folder.path)).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: expect.stringContaining(message),
    });
  });

  it('says so where the folder is a file', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'model.gguf');
    await writeFile(path, 'GGUF');
    await mkdir(join(folder.path, 'empty'));

    await expect(readConfig(path)).rejects.toThrow(`${path} is a GGUF file`);
    await expect(readConfig(join(folder.path, 'empty'))).rejects.toThrow(
      /empty\/config.json: cannot be read$/,
    );
  });
});
