/** Values of the tokens of sequences as f32[B,L]: `values` of each sequence in turn, 0 on padding. */
export function padRows(rows: readonly ArrayLike<number>[], width: number): Float32Array {
  const out = new Float32Array(rows.length * width);
  rows.forEach((row, b) => {
    out.set(row, b * width);
  });
  return out;
}
