import { grad, ops, type Program, sumAll, sym, type Tensor, trace } from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { executionOrder, isComputed } from '../../../../packages/tensor/src/memory/execution-order.js';
import { type Emit, lowerNode, neededNodes } from '../../../../packages/tensor/src/onnx/lowering.js';
import { profiledRun } from '../../../support/profiled-run.js';

const N = sym('N');

/** Branches, shared values, an output that others read, and a backward pass. */
const branching = (): Program =>
  trace('branching', (t) => {
    const [x, w, v] = [t.input('x', [N, 8]), t.input('w', [8, 8]), t.input('v', [8, 8])];
    const hidden = ops.sigmoid(ops.matmul(x, w));
    const left = ops.exp(ops.matmul(hidden, v));
    const right = ops.softmax(ops.mul(hidden, x));
    const mixed = ops.concat([ops.neg(left), right, hidden], 1);
    const loss = sumAll(ops.mul(mixed, mixed));
    const [dw, dv] = grad(loss, [w, v]);
    if (!dw || !dv) throw new Error('no gradient');
    return { loss, hidden, dv, dw, last: ops.sqrt(right) };
  });

/** The ONNX operators that values are spelled in. */
function operatorsOf(nodes: readonly Tensor[]): string[] {
  const written: string[] = [];
  const emit: Emit = {
    precision: 'f32',
    name: (t) => `${t.id}`,
    stored: () => null,
    factor: (t) => `${t.id}`,
    multiplier: (t) => `${t.id}`,
    op: (type) => {
      written.push(type);
      return type;
    },
    many: (type) => {
      written.push(type);
      return [type];
    },
    ints: () => 'ints',
    shape: () => 'shape',
    int: () => 'int',
    literal: () => 'literal',
  };
  for (const node of nodes) lowerNode(node, emit);
  return written;
}

describe('execution order', () => {
  it('is the order in which ONNX Runtime runs the nodes', async () => {
    const program = branching();
    const results = Object.values(program.outputs);
    const order = executionOrder(neededNodes(results).filter(isComputed), results);

    const ran = await profiledRun(program, { N: 5 }, 'disabled');

    const operators = ran.map((node) => node.operator).filter((type) => type !== 'Identity');
    expect(operators.length).toBeGreaterThan(25);
    expect(operatorsOf(order)).toEqual(operators);
  });
});
