import { rm } from 'node:fs/promises';
import { fromBinary } from '@bufbuild/protobuf';
import {
  compile,
  createLocalRunner,
  emitModel,
  estimateMemory,
  interpret,
  linear,
  loop,
  ops,
  type Program,
  sym,
  type Tensor,
  type TraceOptions,
  trace,
} from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { type GraphProto, ModelProtoSchema } from '../../../packages/tensor/src/gen/onnx/onnx_pb.js';
import { randomNumbers } from '../../support/numbers.js';
import { writeTensors } from '../../support/weight-files.js';

const [ROWS, WIDTH] = [4, 40];
const MATRIX = WIDTH * WIDTH;

/** Multiplies rows by a weight before, in and within loops, by one in the inner loop alone, and gathers from a third. */
const nested = (options: TraceOptions): Program =>
  trace(
    'nested',
    (t) => {
      const [w, inner, table] = ['w', 'inner', 'table'].map((name) => t.weight(name, [WIDTH, WIDTH]));
      if (!w || !inner || !table) throw new Error('three weights');
      const times = (tripCount: number, x: Tensor, name: string, body: (x: Tensor) => Tensor): Tensor => {
        const { carried } = loop({
          tripCount: ops.constant(t.trace, [tripCount], { shape: [], dtype: 'i64' }),
          initial: [x],
          carriedShapes: [x.shape],
          iterations: sym(name),
          body: (_, [given]) => {
            const next = body(given ?? x);
            const least = ops.reshape(ops.reduceSum(next, [0, 1]), []);
            return { carried: [next], proceed: ops.less(-1e30, least), scans: [] };
          },
        });
        return carried[0] ?? x;
      };
      const ids = ops.slice(ops.iota(t.trace, ROWS + 1), { axis: 0, start: 1, end: ROWS + 1 });
      const start = ops.add(linear(t.input('x', [ROWS, WIDTH]), w), ops.gather(table, ids));
      const y = times(3, start, 'rounds', (round) =>
        times(2, linear(round, w), 'tokens', (x) => ops.gemm(linear(x, w), ops.swapLast(inner), x)),
      );
      return { y };
    },
    options,
  );

/** Names in the weight file of what each graph owns, the graphs of inner loops behind those around them. */
function ownedBy(program: Program, offsets: ReadonlyMap<string, number>, bytes: Uint8Array): string[][] {
  const nameAt = new Map([...offsets].map(([name, offset]) => [`${offset}`, name]));
  const own = (graph: GraphProto): string[][] => [
    graph.initializer
      .flatMap((i) => i.externalData.filter((e) => e.key === 'offset'))
      .map((e) => nameAt.get(e.value) ?? `none of ${program.name}`)
      .sort(),
    ...graph.node.flatMap((n) => n.attribute.flatMap((a) => (a.g ? own(a.g) : []))),
  ];
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  return graph ? own(graph) : [];
}

describe('packed weights', () => {
  const values = {
    w: Float32Array.from(randomNumbers(MATRIX, 1), (v) => v / 8),
    inner: Float32Array.from(randomNumbers(MATRIX, 2), (v) => v / 8),
    table: Float32Array.from(randomNumbers(MATRIX, 3)),
    x: Float32Array.from(randomNumbers(ROWS * WIDTH, 4)),
  };

  it('belong to the graph of each loop that multiplies by them, which alone lets the runtime pack them', async () => {
    const files = await writeTensors(['w', 'inner', 'table'], values);
    const offsets = new Map([...files.locations].map(([name, { offset }]) => [name, offset]));
    const owners = (options: TraceOptions): string[][] => {
      const program = nested(options);
      return ownedBy(program, offsets, emitModel(program, files.locations).bytes);
    };
    expect(owners({})).toEqual([['inner', 'table', 'w'], [], []]);
    expect(owners({ packsWeights: true })).toEqual([['inner', 'table', 'w'], ['w'], ['inner', 'w']]);
    await rm(files.folder, { recursive: true });
  });

  it('give what the interpreter says', async () => {
    const files = await writeTensors(['w', 'inner', 'table'], values);
    const program = nested({ packsWeights: true });
    const runner = createLocalRunner();
    const session = await compile(program, { runner, threads: 2, weights: files });
    const { y } = await session.run({}, values);
    await runner.close();
    await rm(files.folder, { recursive: true });
    const want = interpret(program, values)['y']?.data ?? [];
    const largest = Math.max(...Array.from(want, Math.abs));
    expect(largest).toBeGreaterThan(0.1);
    expect(Math.max(...Array.from(want, (v, i) => Math.abs(v - Number(y?.[i]))))).toBeLessThan(
      2e-6 * largest,
    );
  });

  it('are counted once for each product, in whole strips, and what is only multiplied by is not mapped', () => {
    const mapped = 3 * MATRIX * 4;
    const strip = 48 * WIDTH * 4;
    expect(estimateMemory(nested({}), { rounds: 3, tokens: 2 }).weightsBytes).toBe(mapped);
    // w before, in and within the loops, `inner` within, and the table as it lies.
    expect(estimateMemory(nested({ packsWeights: true }), { rounds: 3, tokens: 2 }).weightsBytes).toBe(
      4 * strip + MATRIX * 4,
    );
  });
});
