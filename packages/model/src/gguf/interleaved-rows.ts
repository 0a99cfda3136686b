/**
 * Puts the rows of each head of a projection, `[heads * headDim, rowValues]`, from pairs into halves:
 * interleaved rotary embeddings turn rows 2i and 2i+1 of a head together, Hugging Face's turn rows i and i +
 * headDim/2. llama.cpp's converter orders the rows of Llama models for the former (convert_hf_to_gguf.py,
 * `permute`); this is its inverse.
 */
export function inHalves(rows: Float32Array, headDim: number, rowValues: number): Float32Array {
  const out = new Float32Array(rows.length);
  const half = headDim / 2;
  const count = rows.length / rowValues;
  for (let row = 0; row < count; row++) {
    const inHead = row % headDim;
    const to = row - inHead + (inHead % 2) * half + Math.floor(inHead / 2);
    out.set(rows.subarray(row * rowValues, (row + 1) * rowValues), to * rowValues);
  }
  return out;
}
