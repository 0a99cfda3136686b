import type { Dim, Shape } from './dim.js';
import { TensorError } from './errors.js';
import { bodyNodes } from './graph.js';
import { type Aval, type LoopBody, showAval, type Tensor, Trace, traceOf } from './ir.js';
import { loop as loopRule } from './rules/loop.js';

export interface LoopSpec {
  readonly tripCount: Tensor;
  readonly initial: readonly Tensor[];
  /** Shapes of the carried values inside the body, where a growing axis has a name of its own. */
  readonly carriedShapes: readonly Shape[];
  /** Name of the number of iterations that ran: the first axis of the scans. */
  readonly iterations: Dim;
  body(
    iteration: Tensor,
    carried: readonly Tensor[],
  ): {
    readonly carried: readonly Tensor[];
    readonly proceed: Tensor;
    readonly scans: readonly Tensor[];
  };
}

/**
 * Repeats a traced body on the device. Returns the final carried values and the stacked scans. The loop stands where the
 * innermost of its trip count and initial values does.
 * @throws TensorError `TENSOR_TRACE` where the body reads a value of another loop that this one does not stand in
 */
export function loop(spec: LoopSpec): { carried: Tensor[]; scans: Tensor[] } {
  const outer = traceOf([spec.tripCount, ...spec.initial]);
  const inner = new Trace(outer);
  const carriedParam = (name: string, aval: Aval): Tensor<'param'> =>
    inner.node('param', [], { name, role: 'carried' }, aval, true);
  const iteration = carriedParam('iteration', { shape: [], dtype: 'i64' });
  const carriedIn = spec.initial.map((x, i) =>
    carriedParam(`carried${i}`, { shape: spec.carriedShapes[i] ?? x.shape, dtype: x.dtype }),
  );
  const result = spec.body(iteration as Tensor, carriedIn as Tensor[]);
  const body: LoopBody = {
    iteration,
    carriedIn,
    carriedOut: result.carried,
    proceed: result.proceed,
    scans: result.scans,
    iterations: spec.iterations,
  };
  const captured = capturesOf(body, inner);
  for (const x of captured) {
    if (!outer.isWithin(x.trace))
      throw new TensorError(
        'TENSOR_TRACE',
        `a loop's body reads ${x.prim} ${showAval(x)} of another loop: carry it, or begin with a value of that loop`,
      );
  }
  const inputs = [spec.tripCount, ...spec.initial, ...captured];
  const node = outer.node('loop', inputs, body, loopRule.infer(inputs, body), true) as Tensor;
  const project = (index: number, aval: Aval): Tensor =>
    outer.node('project', [node], { index }, aval) as Tensor;
  const count = result.carried.length;
  return {
    carried: result.carried.map((x, i) => project(i, { shape: x.shape, dtype: x.dtype })),
    scans: result.scans.map((x, i) =>
      project(count + i, { shape: [spec.iterations, ...x.shape], dtype: x.dtype }),
    ),
  };
}

/** Values of the surrounding program that a body reads. */
function capturesOf(body: LoopBody, inner: Trace): Tensor[] {
  const captured = new Set<Tensor>();
  for (const node of bodyNodes(body, inner)) {
    for (const x of node.inputs) if (!x.trace.isWithin(inner)) captured.add(x);
  }
  for (const out of [...body.carriedOut, ...body.scans, body.proceed]) {
    if (!out.trace.isWithin(inner)) captured.add(out);
  }
  return [...captured].sort((a, b) => a.id - b.id);
}
