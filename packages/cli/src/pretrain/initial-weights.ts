import { uniform } from '@residency/algorithms';
import { type DecoderConfig, type NamedTensor, weightShapes } from '@residency/model';

/** First entry of the random keys of initial weights. */
const INIT_STREAM = 0x696e6974;

/** Normal matrices of a standard deviation, norms 1, biases 0; decided by the seed alone. */
export function initialWeights(config: DecoderConfig, std: number, seed: number): NamedTensor[] {
  return [...weightShapes(config)].map(([name, shape], tensor) => {
    const data = new Float32Array(shape.reduce((n, d) => n * d, 1));
    if (name.includes('norm')) data.fill(1);
    else if (!name.endsWith('.bias')) {
      for (let i = 0; i < data.length; i++) data[i] = std * normal([INIT_STREAM, seed, tensor, i]);
    }
    return { name, shape, data };
  });
}

/** A standard normal draw (Box & Muller 1958). */
function normal(key: readonly number[]): number {
  const radius = Math.sqrt(-2 * Math.log(1 - uniform([...key, 0])));
  return radius * Math.cos(2 * Math.PI * uniform([...key, 1]));
}
