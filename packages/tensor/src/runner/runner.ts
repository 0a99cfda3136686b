import type { Device } from '../device/device.js';
import type { DType } from '../ir.js';
import type { CallLimits } from '../process/compute-process.js';

export type TensorData = Float32Array | BigInt64Array | Uint8Array;

export interface Feed {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface ModelToLoad {
  readonly bytes: Uint8Array;
  /** Folder of the weight files, or null for a model without external data. */
  readonly weightFolder: string | null;
  readonly threads: number;
  /** See TraceOptions; the processor's alone. @defaultValue false */
  readonly packsWeights?: boolean;
  /** @defaultValue the processor */
  readonly device?: Device;
}

export interface LoadedModel {
  /** Unique across processes: a model of a killed child is never mistaken for one of the next. */
  readonly id: string;
  readonly inputNames: readonly string[];
}

/** Runs compiled models: in this thread, or in a child process with limits. */
export interface SessionRunner {
  load(model: ModelToLoad, limits?: CallLimits): Promise<LoadedModel>;
  run(
    id: string,
    feeds: Readonly<Record<string, Feed>>,
    limits?: CallLimits,
  ): Promise<Record<string, TensorData>>;
  release(id: string): Promise<void>;
  close(): Promise<void>;
}
