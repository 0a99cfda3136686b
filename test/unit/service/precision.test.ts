import { ConfigError, precisionField, precisionOption, readConfig } from '@residency/service';
import { describe, expect, it } from 'vitest';

const CPU = { kind: 'cpu' } as const;
const GPU = { kind: 'cuda', index: 0 } as const;
const read = (text: string) =>
  readConfig({ precision: precisionField() }, { RESIDENCY_PRECISION: text }).precision;

describe('RESIDENCY_PRECISION', () => {
  it('is a type of products, and the device has the choice where it is left out', () => {
    expect(['f32', 'bf16', 'f16', ''].map(read)).toEqual(['f32', 'bf16', 'f16', null]);
    expect(() => read('int8')).toThrow('RESIDENCY_PRECISION: found "int8", wanted one of f32, bf16, f16');
  });

  it('reaches engines as it is', () => {
    expect(precisionOption(GPU, null)).toEqual({});
    expect(precisionOption(GPU, 'f16')).toEqual({ precision: 'f16' });
    expect(precisionOption(CPU, 'f32')).toEqual({ precision: 'f32' });
  });

  it('stops a service that would compute in 16 bits on a processor', () => {
    expect(() => precisionOption(CPU, 'bf16')).toThrow(ConfigError);
    expect(() => precisionOption(CPU, 'bf16')).toThrow('found "bf16", wanted f32 on a processor');
  });
});
