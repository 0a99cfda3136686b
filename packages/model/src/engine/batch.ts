/** The tokens of a group, laid out as the programs read them. */
export interface PackedGroup {
  /** P, S and G. */
  readonly sizes: { readonly P: number; readonly S: number; readonly G: number };
  /** [prefix P | suffix 1 (S) | ... | suffix G (S)], suffixes right-padded with id 0. */
  readonly ids: BigInt64Array;
}

export function packGroup(prefix: readonly number[], suffixes: readonly (readonly number[])[]): PackedGroup {
  const S = suffixes.reduce((longest, s) => Math.max(longest, s.length), 0);
  const ids = new BigInt64Array(prefix.length + suffixes.length * S);
  prefix.forEach((id, i) => {
    ids[i] = BigInt(id);
  });
  suffixes.forEach((suffix, g) => {
    suffix.forEach((id, i) => {
      ids[prefix.length + g * S + i] = BigInt(id);
    });
  });
  return { sizes: { P: prefix.length, S, G: suffixes.length }, ids };
}

/** Per-token values of ragged suffixes as f32[G,S], 0 on padding. */
export function padRows(rows: readonly (readonly number[])[], width: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, g) => {
    out.set(row, g * width);
  });
  return out;
}
