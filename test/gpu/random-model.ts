import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseConfig, weightShapes } from '@residency/model';

/** A decoder's shape in the words of the peers' configuration; r is an adapter's rank. */
export interface ModelShape {
  readonly D: number;
  readonly L: number;
  readonly H: number;
  readonly KV: number;
  readonly dh: number;
  readonly F: number;
  readonly V: number;
}

const hfConfig = (c: ModelShape): Record<string, unknown> => ({
  model_type: 'llama',
  hidden_size: c.D,
  num_hidden_layers: c.L,
  num_attention_heads: c.H,
  num_key_value_heads: c.KV,
  head_dim: c.dh,
  intermediate_size: c.F,
  vocab_size: c.V,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  tie_word_embeddings: false,
});

/**
 * Uniform in ±sqrt(3 / columns), so that a row's products keep the variance of what they are taken of; norms are 1. Only
 * the bits that bf16 has are kept, so that what precisions differ by is what they compute.
 */
function* weightsOf(shape: readonly number[], isNorm: boolean, seed: number): Generator<Float32Array> {
  const PIECE = 1 << 20;
  const scale = Math.sqrt(3 / (shape.at(-1) ?? 1)) / 2 ** 31;
  let state = Math.imul(seed, 0x9e3779b1) >>> 0;
  let left = shape.reduce((n, d) => n * d, 1);
  while (left > 0) {
    const piece = new Float32Array(Math.min(PIECE, left));
    for (let i = 0; i < piece.length; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      piece[i] = isNorm ? 1 : (state - 2 ** 31) * scale;
    }
    const bits = new Uint32Array(piece.buffer);
    for (let i = 0; i < bits.length; i++) bits[i] = (bits[i] ?? 0) & 0xffff0000;
    yield piece;
    left -= piece.length;
  }
}

/** Writes a Hugging Face folder with random f32 weights, a piece at a time: models may be larger than memory likes. */
export async function writeRandomModel(dir: string, shape: ModelShape): Promise<void> {
  await mkdir(dir, { recursive: true });
  const json = hfConfig(shape);
  await writeFile(join(dir, 'config.json'), JSON.stringify(json));
  const shapes = [...weightShapes(parseConfig(json, 'config.json'))];
  let end = 0;
  const header: Record<string, unknown> = {};
  for (const [name, dims] of shapes) {
    const begin = end;
    end += dims.reduce((n, d) => n * d, 4);
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [begin, end] };
  }
  const text = JSON.stringify(header);
  const head = Buffer.from(text.padEnd(Math.ceil(text.length / 8) * 8, ' '));
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(head.length));
  const file = await open(join(dir, 'model.safetensors'), 'w');
  try {
    await file.writeFile(Buffer.concat([size, head]));
    for (const [i, [name, dims]] of shapes.entries()) {
      for (const piece of weightsOf(dims, name.includes('norm'), i + 1)) {
        await file.writeFile(Buffer.from(piece.buffer));
      }
    }
  } finally {
    await file.close();
  }
}
