import {
  dequantizeQ4_0,
  dequantizeQ4_1,
  dequantizeQ5_0,
  dequantizeQ5_1,
  dequantizeQ8_0,
  widenBF16,
  widenF16,
  widenF32,
} from './dequantize-blocks.js';
import {
  dequantizeQ2_K,
  dequantizeQ3_K,
  dequantizeQ4_K,
  dequantizeQ5_K,
  dequantizeQ6_K,
} from './dequantize-k-blocks.js';

/** Reads `count` blocks from the beginning of `source` into the beginning of `out`. */
export type Dequantize = (source: Uint8Array, out: Float32Array, count: number) => void;

export interface TensorType {
  readonly name: string;
  /** Values of a block; a row is a whole number of blocks. */
  readonly blockSize: number;
  /** Bytes of a block. */
  readonly blockBytes: number;
  /** Null for a type that this package does not read. */
  readonly dequantize: Dequantize | null;
}

const type = (
  name: string,
  blockSize: number,
  blockBytes: number,
  dequantize: Dequantize | null = null,
): TensorType => ({ name, blockSize, blockBytes, dequantize });

/** Every `ggml_type` by its number in the file (ggml.h); numbers that are missing were given up by ggml. */
export const TENSOR_TYPES: ReadonlyMap<number, TensorType> = new Map([
  [0, type('F32', 1, 4, widenF32)],
  [1, type('F16', 1, 2, widenF16)],
  [2, type('Q4_0', 32, 18, dequantizeQ4_0)],
  [3, type('Q4_1', 32, 20, dequantizeQ4_1)],
  [6, type('Q5_0', 32, 22, dequantizeQ5_0)],
  [7, type('Q5_1', 32, 24, dequantizeQ5_1)],
  [8, type('Q8_0', 32, 34, dequantizeQ8_0)],
  [9, type('Q8_1', 32, 40)],
  [10, type('Q2_K', 256, 84, dequantizeQ2_K)],
  [11, type('Q3_K', 256, 110, dequantizeQ3_K)],
  [12, type('Q4_K', 256, 144, dequantizeQ4_K)],
  [13, type('Q5_K', 256, 176, dequantizeQ5_K)],
  [14, type('Q6_K', 256, 210, dequantizeQ6_K)],
  [15, type('Q8_K', 256, 292)],
  [16, type('IQ2_XXS', 256, 66)],
  [17, type('IQ2_XS', 256, 74)],
  [18, type('IQ3_XXS', 256, 98)],
  [19, type('IQ1_S', 256, 50)],
  [20, type('IQ4_NL', 32, 18)],
  [21, type('IQ3_S', 256, 110)],
  [22, type('IQ2_S', 256, 82)],
  [23, type('IQ4_XS', 256, 136)],
  [24, type('I8', 1, 1)],
  [25, type('I16', 1, 2)],
  [26, type('I32', 1, 4)],
  [27, type('I64', 1, 8)],
  [28, type('F64', 1, 8)],
  [29, type('IQ1_M', 256, 56)],
  [30, type('BF16', 1, 2, widenBF16)],
  [34, type('TQ1_0', 256, 54)],
  [35, type('TQ2_0', 256, 66)],
  [39, type('MXFP4', 32, 17)],
  [40, type('NVFP4', 64, 36)],
  [41, type('Q1_0', 128, 18)],
]);

/** Names of the types that can be read, for messages. */
export const readableTypes: readonly string[] = [...TENSOR_TYPES.values()]
  .filter(({ dequantize }) => dequantize !== null)
  .map(({ name }) => name);
