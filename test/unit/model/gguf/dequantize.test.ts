import { describe, expect, test } from 'vitest';
import { TENSOR_TYPES } from '../../../../packages/model/src/gguf/tensor-types.js';
import { findPython, runPython } from '../../../support/python.js';

/** Reproducible bytes: the high byte of a 32-bit linear congruential generator. */
function randomBytes(count: number, seed: number): Uint8Array {
  let state = seed >>> 0;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  });
}

/** A block as one long number, bit 0 first, as the definitions in ggml-common.h number bits. */
const bits = (block: Uint8Array, at: number, count: number): number => {
  let value = 0;
  for (let i = 0; i < count; i++) {
    const bit = at + i;
    value += (((block[bit >> 3] ?? 0) >> (bit & 7)) & 1) * 2 ** i;
  }
  return value;
};
const signed = (value: number, count: number): number =>
  value >= 2 ** (count - 1) ? value - 2 ** count : value;
const byte = (block: Uint8Array, at: number, of = 8): number => bits(block, 8 * at, of);

/** A half from its definition, not from a table. */
function half(block: Uint8Array, at: number): number {
  const fraction = bits(block, 8 * at, 10);
  const exponent = bits(block, 8 * at + 10, 5);
  const sign = bits(block, 8 * at + 15, 1) === 1 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Nibble `i` of 32-value halves: bytes give their low nibbles first, then their high ones. */
const nibble = (block: Uint8Array, at: number, i: number, span: number): number =>
  bits(block, 8 * (at + Math.floor(i / (2 * span)) * span + (i % span)) + (i % (2 * span) < span ? 0 : 4), 4);

/** Six bits of scale and minimum `k` of the K types with 12 bytes for eight of each (get_scale_min_k4). */
const six = (block: Uint8Array, at: number, k: number): readonly [scale: number, min: number] =>
  k < 4
    ? [byte(block, at + k, 6), byte(block, at + 4 + k, 6)]
    : [
        bits(block, 8 * (at + 4 + k), 4) + 16 * bits(block, 8 * (at + k - 4) + 6, 2),
        bits(block, 8 * (at + 4 + k) + 4, 4) + 16 * bits(block, 8 * (at + k) + 6, 2),
      ];

const f32 = Math.fround;

interface Definition {
  /** Offsets of halves, which have to be finite in random blocks. */
  readonly halves: readonly number[];
  /** Value `i` of a block, each operation rounded to f32. */
  readonly value: (block: Uint8Array, i: number) => number;
}

/** The definitions one value at a time, by type name. */
const definitions: Readonly<Record<string, Definition>> = {
  F32: { halves: [], value: (b) => new DataView(b.buffer, b.byteOffset, 4).getFloat32(0, true) },
  F16: { halves: [0], value: (b) => half(b, 0) },
  BF16: {
    halves: [0],
    value: (b) => new Float32Array(Uint32Array.of(bits(b, 0, 16) * 65536).buffer)[0] ?? 0,
  },
  Q4_0: { halves: [0], value: (b, i) => f32(half(b, 0) * (nibble(b, 2, i, 16) - 8)) },
  Q4_1: { halves: [0, 2], value: (b, i) => f32(f32(half(b, 0) * nibble(b, 4, i, 16)) + half(b, 2)) },
  Q5_0: {
    halves: [0],
    value: (b, i) => f32(half(b, 0) * (nibble(b, 6, i, 16) + 16 * bits(b, 16 + i, 1) - 16)),
  },
  Q5_1: {
    halves: [0, 2],
    value: (b, i) => f32(f32(half(b, 0) * (nibble(b, 8, i, 16) + 16 * bits(b, 32 + i, 1))) + half(b, 2)),
  },
  Q8_0: { halves: [0], value: (b, i) => f32(half(b, 0) * signed(byte(b, 2 + i), 8)) },
  Q2_K: {
    halves: [80, 82],
    value: (b, i) => {
      const sub = Math.floor(i / 16);
      const q = bits(b, 8 * (16 + 32 * Math.floor(i / 128) + (i % 32)) + 2 * Math.floor((i % 128) / 32), 2);
      const step = f32(half(b, 80) * bits(b, 8 * sub, 4));
      return f32(f32(step * q) - f32(half(b, 82) * bits(b, 8 * sub + 4, 4)));
    },
  },
  Q3_K: {
    halves: [108],
    value: (b, i) => {
      const sub = Math.floor(i / 16);
      const low = bits(b, 8 * (96 + (sub % 8)) + (sub < 8 ? 0 : 4), 4);
      const high = bits(b, 8 * (104 + (sub % 4)) + 2 * Math.floor(sub / 4), 2);
      const q = bits(b, 8 * (32 + 32 * Math.floor(i / 128) + (i % 32)) + 2 * Math.floor((i % 128) / 32), 2);
      const isSet = bits(b, 8 * (i % 32) + Math.floor(i / 32), 1) === 1;
      return f32(f32(half(b, 108) * (low + 16 * high - 32)) * (q - (isSet ? 0 : 4)));
    },
  },
  Q4_K: {
    halves: [0, 2],
    value: (b, i) => {
      const [scale, min] = six(b, 4, Math.floor(i / 32));
      return f32(f32(f32(half(b, 0) * scale) * nibble(b, 16, i, 32)) - f32(half(b, 2) * min));
    },
  },
  Q5_K: {
    halves: [0, 2],
    value: (b, i) => {
      const [scale, min] = six(b, 4, Math.floor(i / 32));
      const q = nibble(b, 48, i, 32) + 16 * bits(b, 8 * (16 + (i % 32)) + Math.floor(i / 32), 1);
      return f32(f32(f32(half(b, 0) * scale) * q) - f32(half(b, 2) * min));
    },
  },
  Q6_K: {
    halves: [208],
    value: (b, i) => {
      const scale = signed(byte(b, 192 + Math.floor(i / 16)), 8);
      const high = bits(
        b,
        8 * (128 + 32 * Math.floor(i / 128) + (i % 32)) + 2 * Math.floor((i % 128) / 32),
        2,
      );
      return f32(f32(half(b, 208) * scale) * (nibble(b, 0, i, 64) + 16 * high - 32));
    },
  },
};

const BLOCKS = 64;
const readable = [...TENSOR_TYPES].filter(([, type]) => type.dequantize !== null);

/** Random blocks with finite halves: their largest exponent is taken down by one. */
function blocksOf(name: string, blockBytes: number, seed: number): Uint8Array {
  const bytes = randomBytes(BLOCKS * blockBytes, seed);
  for (let block = 0; block < BLOCKS; block++) {
    for (const at of definitions[name]?.halves ?? []) {
      const high = block * blockBytes + at + 1;
      bytes[high] = (bytes[high] ?? 0) & 0xbf;
    }
  }
  // An f32 has its exponent where a half has none.
  if (name === 'F32') for (let i = 3; i < bytes.length; i += 4) bytes[i] = (bytes[i] ?? 0) & 0xbf;
  return bytes;
}

describe('dequantisation', () => {
  test('is defined here for every type that is read', () => {
    expect(readable.map(([, { name }]) => name).sort()).toEqual(Object.keys(definitions).sort());
  });

  test.each(readable)('of type %i is what the format defines, to the bit', (id, type) => {
    const source = blocksOf(type.name, type.blockBytes, id + 1);
    const out = new Float32Array(BLOCKS * type.blockSize);

    type.dequantize?.(source, out, BLOCKS);

    const want = Float32Array.from({ length: out.length }, (_, i) => {
      const block = Math.floor(i / type.blockSize);
      const from = source.subarray(block * type.blockBytes, (block + 1) * type.blockBytes);
      return definitions[type.name]?.value(from, i % type.blockSize) ?? Number.NaN;
    });
    expect(Buffer.from(out.buffer).equals(Buffer.from(want.buffer))).toBe(true);
    expect(new Set(out).size).toBeGreaterThan(16);
  });

  test('reads from an odd address, and no further than it is told', () => {
    for (const [id, type] of readable) {
      const source = blocksOf(type.name, type.blockBytes, id + 1);
      const shifted = new Uint8Array(source.length + 1).subarray(1);
      shifted.set(source);
      const whole = new Float32Array(BLOCKS * type.blockSize);
      type.dequantize?.(source, whole, BLOCKS);
      const part = new Float32Array(whole.length);

      type.dequantize?.(shifted, part, BLOCKS - 1);

      const end = (BLOCKS - 1) * type.blockSize;
      expect([...part.subarray(0, end)]).toEqual([...whole.subarray(0, end)]);
      expect([...part.subarray(end)].every((value) => value === 0)).toBe(true);
    }
  });
});

/** Dequantises with the package of ggml's own project and gives the values' bytes. */
const script = `
import sys, json, base64, numpy as np
from gguf import GGMLQuantizationType, GGML_QUANT_SIZES
from gguf.quants import dequantize
request = json.load(sys.stdin)
values = {}
for name, data in request['blocks'].items():
    raw = np.frombuffer(base64.b64decode(data), dtype=np.uint8)
    found = dequantize(raw, GGMLQuantizationType[name]).astype(np.float32)
    values[name] = base64.b64encode(found.tobytes()).decode()
sizes = {t.name: [t.value, *GGML_QUANT_SIZES[t]] for t in GGML_QUANT_SIZES}
print(json.dumps({'values': values, 'sizes': sizes}))
`;

describe.runIf(findPython(['gguf']) !== null)("ggml's Python package", () => {
  test('gives the same bits for every type that is read, and knows the same types', async () => {
    const blocks = Object.fromEntries(
      readable.map(([id, { name, blockBytes }]) => [name, blocksOf(name, blockBytes, id + 1)]),
    );
    const encoded = Object.entries(blocks).map(([name, data]) => [
      name,
      Buffer.from(data).toString('base64'),
    ]);

    // The script's answer has this shape, or the assertions below fail.
    const answer = (await runPython(script, { blocks: Object.fromEntries(encoded) })) as {
      values: Record<string, string>;
      sizes: Record<string, readonly number[]>;
    };

    for (const [, type] of readable) {
      const out = new Float32Array(BLOCKS * type.blockSize);
      type.dequantize?.(blocks[type.name] ?? new Uint8Array(0), out, BLOCKS);
      const same = Buffer.from(out.buffer).equals(Buffer.from(answer.values[type.name] ?? '', 'base64'));
      expect({ type: type.name, same }).toEqual({ type: type.name, same: true });
    }
    const known = [...TENSOR_TYPES].map(([id, t]) => [t.name, [id, t.blockSize, t.blockBytes]]);
    expect(Object.fromEntries(known)).toMatchObject(answer.sizes);
  });
});
