/** Widens 16-bit floats; exact. */
export function fromHalves(halves: Uint16Array, dtype: 'F16' | 'BF16'): Float32Array {
  const out = new Float32Array(halves.length);
  if (dtype === 'BF16') {
    const words = new Uint32Array(out.buffer);
    for (let i = 0; i < halves.length; i++) words[i] = (halves[i] ?? 0) << 16;
    return out;
  }
  halfValues ??= Float32Array.from({ length: 65_536 }, (_, h) => fromHalf(h));
  for (let i = 0; i < halves.length; i++) out[i] = halfValues[halves[i] ?? 0] ?? 0;
  return out;
}

/** The value of every half, made at first use: looking up is many times faster than computing. */
let halfValues: Float32Array | undefined;

function fromHalf(h: number): number {
  const sign = h & 0x8000 ? -1 : 1;
  const exponent = (h >> 10) & 0x1f;
  const fraction = h & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Rounds to IEEE half precision, ties to even. */
export function toHalf(data: Float32Array): Uint16Array {
  return Uint16Array.from(data, (value) => {
    const magnitude = Math.abs(value);
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    if (Number.isNaN(value)) return 0x7e00;
    if (magnitude >= 65520) return sign | 0x7c00;
    const exponent = Math.max(-14, Math.floor(Math.log2(magnitude || 2 ** -24)));
    const steps = roundEven(magnitude / 2 ** (exponent - 10));
    if (exponent === -14 && steps < 1024) return sign | steps;
    // 2048 steps carry into the next exponent by plain addition.
    return sign | (((exponent + 15) << 10) + (steps - 1024));
  });
}

function roundEven(x: number): number {
  const floor = Math.floor(x);
  const rest = x - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
