import { parseConfig } from '@residency/model';
import { describe, expect, it } from 'vitest';
import { TINY_QWEN2 } from '../../support/tiny-model.js';

describe('config.json', () => {
  it('takes the rotary base from rope_parameters, where newer transformers write it', () => {
    const { rope_theta: _, ...rest } = TINY_QWEN2;
    expect(
      parseConfig({ ...rest, rope_parameters: { rope_type: 'default', rope_theta: 1000 } }, 'c').ropeTheta,
    ).toBe(1000);
    expect(parseConfig(TINY_QWEN2, 'c').ropeTheta).toBe(10_000);
  });

  it.each([
    [{ model_type: 'gpt2' }, 'c: model_type is "gpt2", want "llama" or "qwen2"'],
    [{ rope_scaling: { factor: 2 } }, 'c: rope_scaling is {"factor":2}, want null'],
    [
      { rope_parameters: { rope_type: 'yarn', rope_theta: 1000 } },
      'c: rope_parameters is {"rope_type":"yarn","rope_theta":1000}, want rope_type "default"',
    ],
    [{ hidden_size: 0 }, 'c: hidden_size is 0, want a whole number above 0'],
    [{ vocab_size: undefined }, 'c: vocab_size is missing, want a whole number above 0'],
    [{ num_key_value_heads: 3 }, 'c: num_key_value_heads is 3, want a divisor of num_attention_heads = 4'],
    [{ hidden_act: 'gelu' }, 'c: hidden_act is "gelu", want "silu"'],
  ])('refuses %j', (change, message) => {
    expect(() => parseConfig({ ...TINY_QWEN2, ...change }, 'c')).toThrow(message);
  });
});
