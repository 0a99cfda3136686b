import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  importGguf,
  parseConfig,
  type TensorSource,
  weightShapes,
  writeFolderAtomically,
  writeSafetensorsFile,
} from '@residency/model';
import { randomNumbers } from '../../support/numbers.js';
import { findSmollm2 } from '../../support/smollm2.js';

/**
 * A Llama decoder by its sizes, named as the Python peers name them; weights are f32 and the head is not
 * tied.
 */
export type ModelShape = {
  /** Width of the hidden states. */
  readonly D: number;
  /** Layers. */
  readonly L: number;
  /** Query heads, key-value heads and the width of one. */
  readonly H: number;
  readonly KV: number;
  readonly dh: number;
  /** Width of the MLP. */
  readonly F: number;
  /** Vocabulary. */
  readonly V: number;
};

/** That of the Python peers. */
export const DEFAULT_MODEL = { D: 512, L: 8, H: 8, KV: 4, dh: 64, F: 1408, V: 4096 } as const;
export const MODEL_SIZES = ['D', 'L', 'H', 'KV', 'dh', 'F', 'V'] as const;

/** Models are written once: folders of this user's own in the system's temporary folder. */
const cacheFolder = join(tmpdir(), `residency-bench-models-${process.getuid?.() ?? 0}`);

/** Values of a weight that are made at a time. */
const CHUNK = 2 ** 16;

/**
 * A Hugging Face folder with random weights of a shape, the same ones every time; written where it is absent.
 */
export async function randomModel(shape: ModelShape): Promise<string> {
  const dir = join(cacheFolder, `random-${Object.values(shape).join('-')}`);
  if (existsSync(dir)) return dir;
  process.stderr.write(`writing a model of random weights to ${dir}\n`);
  const json = configJson(shape);
  const sources = [...weightShapes(parseConfig(json, dir))].map(([name, size], i) =>
    randomTensor(name, size, i),
  );
  await writeFolderAtomically(dir, async (folder) => {
    await writeFile(join(folder, 'config.json'), JSON.stringify(json));
    await writeSafetensorsFile(join(folder, 'model.safetensors'), sources, { metadata: { format: 'pt' } });
  });
  return dir;
}

const configJson = ({ D, L, H, KV, dh, F, V }: ModelShape): Record<string, unknown> => ({
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  hidden_size: D,
  num_hidden_layers: L,
  num_attention_heads: H,
  num_key_value_heads: KV,
  head_dim: dh,
  intermediate_size: F,
  vocab_size: V,
  max_position_embeddings: 8192,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  hidden_act: 'silu',
  tie_word_embeddings: false,
});

/** Norms are 1, embeddings have variance 1 and projections 1/in, so that activations keep their size. */
function randomTensor(name: string, shape: readonly number[], index: number): TensorSource {
  const count = shape.reduce((n, d) => n * d, 1);
  const isNorm = name.includes('norm');
  const variance = name.includes('embed_tokens') ? 1 : 1 / (shape[1] ?? 1);
  const scale = Math.sqrt(3 * variance);
  async function* chunks(): AsyncGenerator<Float32Array> {
    for (let start = 0; start < count; start += CHUNK) {
      const length = Math.min(CHUNK, count - start);
      const random = isNorm ? [] : randomNumbers(length, 1 + index + 1024 * (start / CHUNK));
      yield Float32Array.from({ length }, (_, i) => (isNorm ? 1 : (random[i] ?? 0) * scale));
    }
  }
  return { name, shape, chunks };
}

/**
 * SmolLM2-135M-Instruct as a Hugging Face folder in f32, imported once; null, with a line that says so,
 * without its GGUF.
 */
export async function smollm2Model(): Promise<string | null> {
  const gguf = findSmollm2();
  if (gguf === null) return null;
  const dir = join(cacheFolder, 'smollm2-135m-f32');
  if (existsSync(dir)) return dir;
  process.stderr.write(`importing ${gguf} to ${dir}\n`);
  await importGguf(gguf, dir, { dtype: 'F32' });
  return dir;
}
