import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { type Bindings, evalDim, evalShape } from './dim.js';
import { TensorError } from './errors.js';
import type { DType, Tensor } from './ir.js';
import { emitModel, type HostInts, type WeightLocation } from './onnx/emit.js';
import type { Program } from './program.js';

export type TensorData = Float32Array | BigInt64Array | Uint8Array;

/** Where a program's weights lie: all files are in one folder, which is mapped and never copied by us. */
export interface WeightFiles {
  readonly folder: string;
  readonly locations: ReadonlyMap<string, WeightLocation>;
}

export interface CompileOptions {
  readonly weights?: WeightFiles;
  /** Threads of one run; a result does not depend on it. */
  readonly threads: number;
}

/** A compiled program. `run` blocks its thread: services run it in a compute process. */
export interface Session {
  readonly program: Program;
  run(sizes: Bindings, inputs: Readonly<Record<string, TensorData>>): Promise<Record<string, TensorData>>;
  close(): Promise<void>;
}

const ARRAYS = { f32: Float32Array, i64: BigInt64Array, bool: Uint8Array } as const;
const ORT_TYPE = { f32: 'float32', i64: 'int64', bool: 'bool' } as const satisfies Record<DType, string>;

/** Compiles a program for the CPU. @throws TensorError `TENSOR_WEIGHT` when a weight has no file or the wrong size. */
export async function compile(program: Program, options: CompileOptions): Promise<Session> {
  const { bytes, hostInts } = emitModel(program, options.weights?.locations ?? new Map());
  const session = await InferenceSession.create(bytes, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    intraOpNumThreads: options.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        // One copy of each weight serves forward and backward; packing would make a second one per product.
        disable_prepacking: '1',
        ...(options.weights ? { model_external_initializers_file_folder_path: options.weights.folder } : {}),
      },
    },
  });
  const wanted = new Set(session.inputNames);
  const inputs = program.inputs.filter((p) => wanted.has(p.attrs.name));
  return {
    program,
    run: async (sizes, given) => {
      const feeds: Record<string, OrtTensor> = {};
      for (const p of inputs) feeds[p.attrs.name] = feed(p, sizes, given);
      for (const h of hostInts) if (wanted.has(h.name)) feeds[h.name] = hostTensor(h, sizes);
      const results = await session.run(feeds);
      const out: Record<string, TensorData> = {};
      for (const [key, t] of Object.entries(results)) {
        out[key] = t.data as TensorData; // programs have no other dtypes
      }
      return out;
    },
    close: () => session.release(),
  };
}

function feed(p: Tensor<'param'>, sizes: Bindings, given: Readonly<Record<string, TensorData>>): OrtTensor {
  const { name } = p.attrs;
  const data = given[name];
  const shape = evalShape(p.shape, sizes);
  const want = shape.reduce((n, d) => n * d, 1);
  if (!data || data.length !== want || !(data instanceof ARRAYS[p.dtype])) {
    const got = data ? `${data.constructor.name} of ${data.length}` : 'nothing';
    throw new TensorError(
      'TENSOR_INPUT',
      `input ${name}: want ${p.dtype}[${shape.join(',')}] (${want} values), got ${got}`,
    );
  }
  return new OrtTensor(ORT_TYPE[p.dtype], data, shape);
}

function hostTensor(h: HostInts, sizes: Bindings): OrtTensor {
  const values = BigInt64Array.from(h.dims, (d) => BigInt(evalDim(d, sizes)));
  return new OrtTensor('int64', values, h.isScalar ? [] : [values.length]);
}
