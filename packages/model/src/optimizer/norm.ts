/**
 * L2 norm over all values of all tensors, in double precision, in index order; not finite as soon as a value
 * is not.
 */
export function globalNorm(tensors: readonly (Float64Array | Float32Array)[]): number {
  let square = 0;
  for (const tensor of tensors) {
    // An index: an iterator takes five times as long over the millions of values of an adapter.
    for (let i = 0; i < tensor.length; i++) {
      const value = tensor[i] ?? 0;
      square += value * value;
    }
  }
  return Math.sqrt(square);
}

/**
 * The factor that brings a gradient of a norm down to at most `maxNorm`, maxNorm / norm (Pascanu, Mikolov &
 * Bengio 2013, algorithm 1); 1 where `maxNorm` is 0, which means no clipping.
 */
export const clipScale = (norm: number, maxNorm: number): number =>
  maxNorm > 0 && norm > maxNorm ? maxNorm / norm : 1;
