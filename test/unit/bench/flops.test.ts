import { grad, linear, loop, ops, sumAll, sym, trace } from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { layoutGroups } from '../../../packages/model/src/layout/group.js';
import { scoreProgram } from '../../../packages/model/src/programs/score.js';
import { sampleFlops, trainFlops } from '../../bench/support/arithmetic.js';
import { countFlops } from '../../bench/support/flops.js';
import { learnGroup, repeatedPrompt } from '../../bench/support/requests.js';
import { configOf, TINY_LLAMA } from '../../support/tiny-model.js';

describe('countFlops', () => {
  it('counts a multiplication and an addition for each term of a product', () => {
    const program = trace('t', (t) => {
      const x = t.input('x', [sym('N'), 3]);
      const w = t.input('w', [5, 3]);
      const y = linear(x, w);
      const batched = ops.matmul(t.input('a', [7, 1, 2, 4]), t.input('b', [6, 4, 9]));
      // Neither a dead product nor an equal one is computed.
      ops.matmul(x, t.input('unused', [3, 1000]));
      return { y: ops.gemm(y, t.input('v', [5, 2]), t.input('c', [2])), again: linear(x, w), batched };
    });

    const flops = countFlops(program, { N: 10 });

    expect(flops).toBe(2 * (10 * 3 * 5 + 10 * 5 * 2 + 7 * 6 * 2 * 4 * 9));
  });

  it('counts a backward pass as the products that it adds', () => {
    const build = (withGradients: boolean) =>
      trace('t', (t) => {
        const [x, w] = [t.input('x', [11, 3]), t.input('w', [3, 5])];
        const y = ops.exp(ops.matmul(x, w));
        const gradients = withGradients ? grad(sumAll(y), [x, w]) : [];
        return { y, ...Object.fromEntries(gradients.map((g, i) => [`g${i}`, g])) };
      });

    const [forward, both] = [countFlops(build(false), {}), countFlops(build(true), {})];

    expect(forward).toBe(2 * 11 * 3 * 5);
    expect(both).toBe(3 * forward);
  });

  it('counts the body of a loop in every iteration, with the sizes of that iteration', () => {
    const [T, iterations] = [sym('T'), sym('steps')];
    const program = trace('t', (t) => {
      const w = t.input('w', [4, 4]);
      const { carried, scans } = loop({
        tripCount: t.input('count', [], 'i64'),
        initial: [t.input('rows', [1, 4])],
        carriedShapes: [[T, 4]],
        iterations,
        body: (_, [rows = w]) => {
          const next = ops.matmul(rows, w);
          return {
            carried: [ops.concat([next, t.input('row', [1, 4])], 0)],
            proceed: ops.less(0, t.input('one', [], 'f32')),
            scans: [ops.slice(next, { axis: 0, start: 0, end: 1 })],
          };
        },
      });
      const [stacked, last] = [scans[0] ?? w, carried[0] ?? w];
      return { y: ops.matmul(ops.reshape(stacked, [iterations, 4]), w), last };
    });

    const flops = countFlops(program, {}, { steps: () => [1, 2, 3].map((rows) => ({ T: rows })) });

    // Three iterations over 1, 2 and 3 rows, and then a product of the three stacked rows.
    expect(flops).toBe(2 * 4 * 4 * (1 + 2 + 3 + 3));
    expect(() => countFlops(program, {})).toThrow(/loop steps/);
  });

  const config = configOf({ ...TINY_LLAMA, num_hidden_layers: 1, num_key_value_heads: 2 });
  const { hidden: D, heads: H, kvHeads: KV, headDim: d, ffn: F, vocab: V } = config;

  it('agrees with a count by hand of the forward pass of one layer', () => {
    const group = { prefix: [1, 2, 3, 4, 5], suffixes: [[6, 7, 8], [9], [10, 11]] };
    const { sizes } = layoutGroups([group], config);
    const { R, K, Q, S, G } = sizes;
    const P = 4 * Q;

    const flops = countFlops(scoreProgram(config, { kind: 'none' }), sizes);

    // Five of the prefix, two, none and one of the completions, and a spare row.
    expect([R, K]).toEqual([9, 5]);
    const keysAndValues = R * D * 2 * KV * d;
    const ofKept = K * (D * H * d + H * d * D + 3 * D * F + D * V);
    const lastRows = 2 * H * 2 * P * d;
    const completions = 2 * H * G * S * (P + S) * d;
    expect(flops).toBe(2 * (keysAndValues + ofKept + lastRows + completions));
  });

  it('agrees with a count by hand of sampling by one layer', () => {
    const [P, T, G] = [12, 5, 3];

    const flops = sampleFlops(config, { P, T, G });

    const ofRow = D * H * d + H * d * D + 3 * D * F + D * V;
    const prefill = P * D * 2 * KV * d + ofRow + 2 * H * P * d;
    const ofToken = (place: number): number => G * (ofRow + D * 2 * KV * d) + 2 * G * H * d * (P + place + 1);
    // The prompt predicts the first token; each of the others is predicted by the one before it.
    const tokens = [0, 1, 2, 3].reduce((sum, place) => sum + ofToken(place), 0);
    // Three results of each of these move to the columns of their samples by a product.
    expect(flops).toBe(2 * (prefill + tokens + 3 * (T - 1) * G * G));
  });

  it('counts more for a prompt that every completion repeats, and for layers computed twice', () => {
    const deep = configOf({ ...TINY_LLAMA, num_hidden_layers: 3 });
    const group = learnGroup({ P: 64, S: 8, G: 4 }, deep.vocab);

    const shared = trainFlops(deep, [group], false);
    const repeated = trainFlops(deep, repeatedPrompt(group), false);
    const recomputed = trainFlops(deep, [group], true);

    expect(repeated / shared).toBeGreaterThan(1.5);
    expect(repeated / shared).toBeLessThan(4);
    expect(recomputed / shared).toBeGreaterThan(1);
    expect(recomputed / shared).toBeLessThan(1.5);
  });
});
