import {
  ComputeProcess,
  compile,
  createChildRunner,
  createLocalRunner,
  loop,
  ops,
  type Program,
  sym,
  trace,
} from '@residency/tensor';
import { describe, expect, it } from 'vitest';

const square: Program = trace('square', (t) => {
  const x = t.input('x', [sym('N')]);
  return { y: ops.mul(x, x) };
});

/** Spins for as many iterations as asked: something long that only a kill can end. */
const spin: Program = trace('spin', (t) => {
  const n = t.input('n', [], 'i64');
  const { carried } = loop({
    tripCount: n,
    initial: [ops.constant(t.trace, [0], { shape: [], dtype: 'f32' })],
    carriedShapes: [[]],
    iterations: sym('I'),
    body: (_, [x]) => {
      if (!x) throw new Error('no carried value');
      return { carried: [ops.add(ops.sin(x), 1)], proceed: ops.less(ops.sin(x), 2), scans: [] };
    },
  });
  const [y] = carried;
  if (!y) throw new Error('no result');
  return { y };
});

describe('child runner', () => {
  it('gives what the local runner gives and leaves the event loop free', async () => {
    const child = createChildRunner({ deadlineMs: 60_000 });
    const x = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
    const local = createLocalRunner();
    try {
      const here = await compile(square, { runner: local, threads: 1 });
      const there = await compile(square, { runner: child, threads: 1 });
      const expected = await here.run({ N: 1000 }, { x });
      const actual = await there.run({ N: 1000 }, { x });
      expect(actual).toEqual(expected);

      const long = await compile(spin, { runner: child, threads: 1 });
      let ticks = 0;
      const timer = setInterval(() => ticks++, 1);
      await long.run({}, { n: BigInt64Array.of(200_000n) });
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(5);
    } finally {
      await child.close();
      await local.close();
    }
  });

  it('kills a run past its deadline or aborted, and works again afterwards', async () => {
    const child = createChildRunner({ deadlineMs: 60_000 });
    try {
      const long = await compile(spin, { runner: child, threads: 1 });
      const forever = { n: BigInt64Array.of(1_000_000_000_000n) };
      await expect(long.run({}, forever, { deadlineMs: 50 })).rejects.toMatchObject({
        code: 'PROCESS_DEADLINE',
      });

      const again = await compile(spin, { runner: child, threads: 1 });
      const controller = new AbortController();
      const running = again.run({}, forever, { deadlineMs: 60_000, signal: controller.signal });
      controller.abort();
      await expect(running).rejects.toMatchObject({ code: 'PROCESS_ABORTED' });

      const small = await compile(square, { runner: child, threads: 1 });
      // The models of a killed child are gone; none of the next child's is taken for them.
      await expect(long.run({}, { n: BigInt64Array.of(1n) })).rejects.toMatchObject({ code: 'TENSOR_INPUT' });
      await again.close();
      expect(await small.run({ N: 2 }, { x: Float32Array.of(3, 4) })).toEqual({ y: Float32Array.of(9, 16) });
    } finally {
      await child.close();
    }
  });

  it('names the input that does not fit', async () => {
    const local = createLocalRunner();
    const session = await compile(square, { runner: local, threads: 1 });
    await expect(session.run({ N: 3 }, { x: Float32Array.of(1) })).rejects.toThrow(
      'input x: want f32[3] (3 values), got Float32Array of 1',
    );
    await expect(session.run({ N: 3 }, {})).rejects.toThrow('input x: want f32[3] (3 values), got nothing');
    await local.close();
  });
});

describe('compute process', () => {
  it('gets the variables that it is given beside those of its owner', async () => {
    const child = new ComputeProcess({
      entry: new URL('../../support/environment-main.ts', import.meta.url),
      init: null,
      env: { RESIDENCY_TEST_VARIABLE: 'given' },
    });
    const read = (name: string) => child.call<string | null>('read', name, { deadlineMs: 60_000 });
    try {
      expect(await read('RESIDENCY_TEST_VARIABLE')).toBe('given');
      expect(await read('PATH')).toBe(process.env['PATH']);
      expect(process.env['RESIDENCY_TEST_VARIABLE']).toBeUndefined();
    } finally {
      await child.close();
    }
  });
});
