import { compile, createLocalRunner, linear, ops, type Program, type Tensor, trace } from '@residency/tensor';
import { randomNumbers } from '../../support/numbers.js';

/** Rows and widths of the products: those of a long run of a model of the default shape. */
const [ROWS, NARROW, WIDE] = [1024, 512, 1408];
/** Pairs of products in a chain, and runs of it. */
const PAIRS = 6;
const RUNS = 8;

/** x W^T and then y W, as a forward pass and its backward pass read one weight [out, in]. */
const CHAINS: readonly { readonly width: number; readonly weight: readonly [number, number] }[] = [
  { width: NARROW, weight: [WIDE, NARROW] },
  { width: WIDE, weight: [NARROW, WIDE] },
];

function chain(width: number, weight: readonly [number, number]): Program {
  return trace('chain', (t) => {
    const w = t.input('w', weight);
    let x: Tensor = t.input('x', [ROWS, width]);
    for (let i = 0; i < PAIRS; i++) x = ops.matmul(linear(x, w), w);
    return { y: x };
  });
}

const random = (count: number, scale: number, seed: number): Float32Array =>
  Float32Array.from(randomNumbers(count, seed), (v) => v * scale);

/**
 * Billions of floating-point operations a second of large matrix products one after the other, through the
 * runtime that runs the models: the best of several runs of two chains.
 */
export async function matmulRate(threads: number): Promise<number> {
  const runner = createLocalRunner();
  try {
    const operations = 2 * 2 * PAIRS * ROWS * NARROW * WIDE;
    let best = Number.POSITIVE_INFINITY;
    for (const { width, weight } of CHAINS) {
      const session = await compile(chain(width, weight), { runner, threads });
      // Values neither grow nor vanish along the chain.
      const scale = Math.sqrt(3) / (weight[0] * weight[1]) ** 0.25;
      const feeds = { x: random(ROWS * width, 1, 1), w: random(weight[0] * weight[1], scale, 2) };
      for (let run = 0; run < RUNS; run++) {
        const start = performance.now();
        await session.run({}, feeds);
        best = Math.min(best, performance.now() - start);
      }
    }
    return operations / best / 1e6;
  } finally {
    await runner.close();
  }
}
