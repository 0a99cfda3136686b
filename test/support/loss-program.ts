import {
  compile,
  type Dim,
  grad,
  interpret,
  type Program,
  type SessionRunner,
  sym,
  type TensorData,
  trace,
} from '@residency/tensor';
import type { LossNumbers } from '../../packages/model/src/losses/numbers.js';
import {
  buildLoss,
  inputsOf,
  type LossSpec,
  lossInputs,
  lossKey,
  needsEntropy,
} from '../../packages/model/src/losses/table.js';

const S = sym('S');

/** Named matrices and vectors of a loss, row-major. */
export type LossFeeds = Readonly<Record<string, readonly number[]>>;
export type LossValues = Readonly<Record<string, number[]>>;

/**
 * A loss alone, over inputs in place of a model: its sums, and `grad:logprobs` (and `grad:entropies`)
 * f32[B,S].
 */
export function lossProgram(spec: LossSpec, sequences: Dim = sym('B')): Program {
  return trace(`loss:${lossKey(spec)}`, (t) => {
    const shape = [sequences, S] as const;
    const logprobs = t.input('logprobs', shape);
    const entropy = needsEntropy(spec) ? t.input('entropies', shape) : null;
    const { total, sums } = buildLoss(
      t,
      { logprobs, entropy, mask: t.input('mask', shape), weights: t.input('weights', shape), shape },
      spec,
    );
    const [byLogprobs, byEntropies] = grad(total, entropy ? [logprobs, entropy] : [logprobs]);
    return {
      ...sums,
      ...(byLogprobs && { 'grad:logprobs': byLogprobs }),
      ...(byEntropies && { 'grad:entropies': byEntropies }),
    };
  });
}

/** What the program reads of the feeds, with the scalars that the table makes of the numbers. */
function feedsOf(spec: LossSpec, feeds: LossFeeds, numbers: Partial<LossNumbers>): LossFeeds {
  const scalars = Object.entries(lossInputs(spec, numbers)).map(
    ([name, v]) => [name, Array.from(v)] as const,
  );
  const names = [
    'logprobs',
    'entropies',
    'mask',
    'weights',
    ...inputsOf(spec).tokens,
    ...inputsOf(spec).pairs,
  ];
  return { ...Object.fromEntries(names.map((n) => [n, feeds[n] ?? []])), ...Object.fromEntries(scalars) };
}

interface Run {
  readonly program: Program;
  readonly spec: LossSpec;
  readonly feeds: LossFeeds;
  readonly numbers: Partial<LossNumbers>;
  readonly sizes: Readonly<Record<string, number>>;
}

/** In double precision. */
export function interpretLoss({ program, spec, feeds, numbers, sizes }: Run): LossValues {
  const out = interpret(program, feedsOf(spec, feeds, numbers), sizes);
  return Object.fromEntries(Object.entries(out).map(([key, value]) => [key, Array.from(value.data)]));
}

/** In single precision, by ONNX Runtime. */
export async function runLoss(
  runner: SessionRunner,
  { program, spec, feeds, numbers, sizes }: Run,
): Promise<LossValues> {
  const session = await compile(program, { runner, threads: 1 });
  try {
    const inputs: Record<string, TensorData> = Object.fromEntries(
      Object.entries(feedsOf(spec, feeds, numbers)).map(([name, v]) => [name, Float32Array.from(v)]),
    );
    const out = await session.run(sizes, inputs);
    return Object.fromEntries(Object.entries(out).map(([key, v]) => [key, Array.from(v, Number)]));
  } finally {
    await session.close();
  }
}
