import { fromBinary } from '@bufbuild/protobuf';
import {
  compile,
  createLocalRunner,
  emitModel,
  interpret,
  loop,
  ops,
  type Program,
  sym,
  type Tensor,
  trace,
} from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { ModelProtoSchema } from '../../../packages/tensor/src/gen/onnx/onnx_pb.js';

/** Carries a value that the body computes, the same once more, one that it found, and an outer one. */
const carrying = (): Program =>
  trace('carrying', (t) => {
    const x = t.input('x', [3]);
    const { carried } = loop({
      tripCount: ops.constant(t.trace, [4], { shape: [], dtype: 'i64' }),
      initial: [x, ops.neg(x), ops.mul(x, 5), ops.mul(x, 7)],
      carriedShapes: [[3], [3], [3], [3]],
      iterations: sym('steps'),
      body: (_, [own, , found]) => {
        if (!own || !found) throw new Error('four values are carried');
        const next = ops.mul(own, 2);
        return {
          carried: [next, next, found, x],
          proceed: ops.less(0, ops.constant(t.trace, [1], { shape: [], dtype: 'f32' })),
          scans: [],
        };
      },
    });
    return Object.fromEntries(carried.map((value, i) => [`out${i}`, value]));
  });

describe('outputs of a loop', () => {
  it('are the values that the body computes, and copies of others', () => {
    const { graph } = fromBinary(ModelProtoSchema, emitModel(carrying(), new Map()).bytes);
    const body = graph?.node.find((node) => node.opType === 'Loop')?.attribute[0]?.g;
    const copied = body?.node.filter((node) => node.opType === 'Identity') ?? [];
    // The second `next`, the carried value, the outer value, and the condition, which is an outer value too.
    expect(copied).toHaveLength(4);
    expect(body?.node.find((node) => node.opType === 'Mul')?.output[0]).toBe(body?.output[1]?.name);
    expect(new Set(body?.output.map((o) => o.name)).size).toBe(5);
  });

  it('mean what the interpreter says', async () => {
    const program = carrying();
    const values = { x: Float32Array.of(1, -2, 3) };
    const runner = createLocalRunner();
    const session = await compile(program, { runner, threads: 1 });
    const out = await session.run({}, values);
    await runner.close();
    for (const [name, value] of Object.entries(interpret(program, values)))
      expect(Array.from(out[name] ?? [], Number)).toEqual([...value.data]);
    expect(Array.from(out['out0'] ?? [], Number)).toEqual([16, -32, 48]);
  });
});

describe('a loop', () => {
  /** Runs a body once. */
  const once = (tripCount: Tensor, initial: Tensor, body: (x: Tensor) => Tensor): Tensor => {
    const { carried } = loop({
      tripCount,
      initial: [initial],
      carriedShapes: [initial.shape],
      iterations: sym('once'),
      body: (_, [x]) => {
        const next = body(x ?? initial);
        const first = ops.reshape(ops.slice(next, { axis: 0, start: 0, end: 1 }), []);
        return { carried: [next], proceed: ops.less(first, 1e9), scans: [] };
      },
    });
    return carried[0] ?? initial;
  };
  const one = ({ trace: root }: Tensor): Tensor => ops.constant(root, [1], { shape: [], dtype: 'i64' });

  it('stands in the loop that its initial values are of, wherever its trip count is', async () => {
    const program = trace('within', (t) => {
      const x = t.input('x', [2]);
      return { y: once(one(x), x, (v) => once(one(x), v, (w) => ops.add(w, 1))) };
    });
    const runner = createLocalRunner();
    const session = await compile(program, { runner, threads: 1 });
    const { y } = await session.run({}, { x: Float32Array.of(1, 2) });
    await runner.close();
    expect([...(y ?? [])]).toEqual([2, 3]);
  });

  it('refuses a value of a loop that it does not stand in', () => {
    expect(() =>
      trace('astray', (t) => {
        const x = t.input('x', [2]);
        return { y: once(one(x), x, (v) => once(one(x), x, (w) => ops.add(w, v))) };
      }),
    ).toThrow("a loop's body reads param f32[2] of another loop");
  });
});
