import { randomUUID } from 'node:crypto';
import { type FileHandle, lstat, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ModelError } from '../errors.js';
import { type TensorSource, writeSafetensorsFile } from '../safetensors-file.js';
import { configJson } from './config-json.js';
import { type DecoderShape, decoderShape } from './decoder-shape.js';
import { type GgufFile, readGguf } from './gguf-file.js';
import { inHalves } from './interleaved-rows.js';
import { ropeScaling } from './rope-scaling.js';
import { dequantizedChunks } from './tensor-data.js';
import { type TensorImport, tensorImports } from './tensor-names.js';
import { readableTypes } from './tensor-types.js';
import { type TokenizerFilesJson, tokenizerFiles } from './tokenizer-json.js';

export interface GgufImportOptions {
  /** How weights are written. F32 keeps every bit of what the file's numbers mean, F16 rounds. */
  readonly dtype: 'F32' | 'F16';
  readonly signal?: AbortSignal;
  /** Called when a tensor has been written. */
  readonly onTensor?: (done: number, total: number) => void;
}

/** What was imported. */
export interface GgufImport {
  /** The model's name for people, else the file's. */
  readonly name: string;
  /** `general.architecture`. */
  readonly architecture: string;
  readonly parameters: number;
  /** Number of tensors by the type that they had, the most frequent first. */
  readonly types: ReadonlyMap<string, number>;
  /** Rows of the embedding. */
  readonly vocab: number;
  /** Tokens of context. */
  readonly context: number;
  /** The kind of scaled rotary embeddings, `none` for plain ones. */
  readonly ropeScaling: string;
  readonly hasChatTemplate: boolean;
  /** Bytes of model.safetensors. */
  readonly bytes: number;
}

/**
 * Writes a GGUF file as a Hugging Face folder: config.json, generation_config.json, tokenizer.json,
 * tokenizer_config.json and model.safetensors. Weights go through memory a few megabytes at a time. The
 * folder appears under its name only when it is complete.
 * @throws ModelError `MODEL_FILE` (not a GGUF file, malformed, or `outDir` exists), `MODEL_CONFIG`
 * (architecture, metadata or tokenizer that cannot be translated), `MODEL_WEIGHT` (a tensor that is missing,
 * unknown or of a type that cannot be read); and the signal's reason where it aborts
 */
export async function importGguf(
  path: string,
  outDir: string,
  options: GgufImportOptions,
): Promise<GgufImport> {
  await refuseExisting(outDir);
  const gguf = await readGguf(path);
  const shape = decoderShape(gguf);
  const imports = tensorImports(gguf, shape);
  for (const { source } of imports) refuseUnreadable(source.name, source.type.name, path);
  const tokenizer = tokenizerFiles(gguf, shape.vocab, shape.context);
  const file = await open(path, 'r');
  try {
    const scaling = await ropeScaling(gguf, file, shape);
    const config = configJson(shape, { ropeScaling: scaling, ids: tokenizer.ids, dtype: options.dtype });
    const bytes = await writeFolder(outDir, async (folder) => {
      await writeJsonFiles(folder, config, tokenizer);
      return await writeWeights(folder, file, shape, imports, options);
    });
    return summary(gguf, shape, imports, {
      ropeScaling: String(scaling?.['rope_type'] ?? 'none'),
      hasChatTemplate: 'chat_template' in tokenizer.tokenizerConfig,
      bytes,
    });
  } finally {
    await file.close();
  }
}

/**
 * Lets `write` fill a folder of another name, which takes its own when it is complete, and goes where it
 * fails.
 */
async function writeFolder<T>(outDir: string, write: (folder: string) => Promise<T>): Promise<T> {
  // Beside its target, so that it can be renamed; a name with a leading dot is no model's.
  const temporary = join(dirname(outDir), `.${basename(outDir)}.${randomUUID()}.tmp`);
  try {
    await mkdir(temporary, { recursive: true });
    const result = await write(temporary);
    await refuseExisting(outDir);
    await rename(temporary, outDir);
    return result;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    throw new ModelError('MODEL_FILE', `${outDir}: cannot be written (${error.message})`, { cause: error });
  } finally {
    // What cannot be removed must not hide what went wrong.
    await rm(temporary, { recursive: true, force: true }).catch(() => {});
  }
}

/** Whether the operating system refused something: no space, no permission. */
const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

async function refuseExisting(outDir: string): Promise<void> {
  if (await lstat(outDir).catch(() => null))
    throw new ModelError('MODEL_FILE', `${outDir}: exists, want a folder that is new`);
}

function refuseUnreadable(tensor: string, type: string, path: string): void {
  if (readableTypes.includes(type)) return;
  throw new ModelError(
    'MODEL_WEIGHT',
    `${path}: tensor ${tensor} has type ${type}, want ${readableTypes.join(', ')}`,
  );
}

async function writeJsonFiles(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  { tokenizer, tokenizerConfig, ids }: TokenizerFilesJson,
): Promise<void> {
  const files = {
    'config.json': config,
    'generation_config.json': { bos_token_id: ids.bos, eos_token_id: ids.ends, pad_token_id: ids.pad },
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': tokenizerConfig,
  };
  for (const [name, value] of Object.entries(files))
    await writeFile(join(folder, name), `${JSON.stringify(value, null, 1)}\n`);
}

async function writeWeights(
  folder: string,
  file: FileHandle,
  shape: DecoderShape,
  imports: readonly TensorImport[],
  { dtype, signal, onTensor }: GgufImportOptions,
): Promise<number> {
  const { headDim } = shape;
  const sources = imports.map(({ name, source, interleavedHeads }, index): TensorSource => {
    async function* chunks(): AsyncGenerator<Float32Array> {
      const isInterleaved = interleavedHeads > 0;
      for await (const chunk of dequantizedChunks(file, source, isInterleaved ? headDim : 1)) {
        const rowValues = source.shape.length > 1 ? (source.shape.at(-1) ?? 1) : 1;
        yield isInterleaved ? inHalves(chunk, headDim, rowValues) : chunk;
      }
      onTensor?.(index + 1, imports.length);
    }
    return { name, shape: source.shape, chunks };
  });
  return await writeSafetensorsFile(join(folder, 'model.safetensors'), sources, {
    metadata: { format: 'pt' },
    dtype,
    ...(signal ? { signal } : {}),
  });
}

function summary(
  { metadata, path }: GgufFile,
  shape: DecoderShape,
  imports: readonly TensorImport[],
  rest: Pick<GgufImport, 'ropeScaling' | 'hasChatTemplate' | 'bytes'>,
): GgufImport {
  const types = new Map<string, number>();
  for (const { source } of imports) types.set(source.type.name, (types.get(source.type.name) ?? 0) + 1);
  const size = (tensor: TensorImport): number => tensor.source.shape.reduce((n, d) => n * d, 1);
  return {
    name: metadata.text('general.name') ?? basename(path),
    architecture: metadata.text('general.architecture') ?? '',
    parameters: imports.reduce((sum, tensor) => sum + size(tensor), 0),
    types: new Map([...types].sort(([, a], [, b]) => b - a)),
    vocab: shape.vocab,
    context: shape.context,
    ...rest,
  };
}
