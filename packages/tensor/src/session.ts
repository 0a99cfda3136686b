import { CPU, type Device } from './device/device.js';
import { type Bindings, evalDim, evalShape } from './dim.js';
import { TensorError } from './errors.js';
import type { Tensor } from './ir.js';
import { emitModel, type HostInts, type WeightLocation } from './onnx/emit.js';
import type { Precision } from './onnx/lowering.js';
import type { CallLimits } from './process/compute-process.js';
import type { Program } from './program.js';
import type { Feed, SessionRunner, TensorData } from './runner/runner.js';

/** Where a program's weights lie: all files are in one folder, which is mapped and never copied by us. */
export interface WeightFiles {
  readonly folder: string;
  readonly locations: ReadonlyMap<string, WeightLocation>;
}

export interface CompileOptions {
  readonly runner: SessionRunner;
  /** Threads of one run. */
  readonly threads: number;
  readonly weights?: WeightFiles;
  /** Where the program is computed. @defaultValue the processor */
  readonly device?: Device;
  /** Type that products are computed in; the processor has kernels for f32 only. @defaultValue `f32` */
  readonly precision?: Precision;
}

/** A compiled program: one for all sizes. */
export interface Session {
  readonly program: Program;
  /** @throws TensorError `TENSOR_INPUT` naming the input, what was found and what was wanted. */
  run(
    sizes: Bindings,
    inputs: Readonly<Record<string, TensorData>>,
    limits?: CallLimits,
  ): Promise<Record<string, TensorData>>;
  close(): Promise<void>;
}

const ARRAYS = { f32: Float32Array, i64: BigInt64Array, bool: Uint8Array } as const;

/**
 * Compiles a program.
 * @throws TensorError `TENSOR_WEIGHT` when a weight has no file or the wrong size; on a GPU `DEVICE_PLACEMENT` naming the
 *   nodes that have no kernel there, and `DEVICE_UNAVAILABLE` when it cannot be used
 */
export async function compile(program: Program, options: CompileOptions): Promise<Session> {
  const { runner, threads, weights, device = CPU, precision } = options;
  const { bytes, hostInts } = emitModel(program, weights?.locations ?? new Map(), precision);
  const { id, inputNames } = await runner.load({
    bytes,
    threads,
    device,
    packsWeights: program.packsWeights,
    weightFolder: weights?.folder ?? null,
  });
  const wanted = new Set(inputNames);
  const inputs = program.inputs.filter((p) => wanted.has(p.attrs.name));
  const sizesWanted = hostInts.filter((h) => wanted.has(h.name));
  return {
    program,
    run: async (sizes, given, limits) => {
      const feeds: Record<string, Feed> = {};
      for (const p of inputs) feeds[p.attrs.name] = inputFeed(p, sizes, given);
      for (const h of sizesWanted) feeds[h.name] = sizeFeed(h, sizes);
      return await runner.run(id, feeds, limits);
    },
    close: () => runner.release(id),
  };
}

function inputFeed(p: Tensor<'param'>, sizes: Bindings, given: Readonly<Record<string, TensorData>>): Feed {
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
  return { dtype: p.dtype, shape, data };
}

function sizeFeed(h: HostInts, sizes: Bindings): Feed {
  const data = BigInt64Array.from(h.dims, (d) => BigInt(evalDim(d, sizes)));
  return { dtype: 'i64', shape: h.isScalar ? [] : [data.length], data };
}
