import { type Bindings, evalDim, evalShape } from './dim.js';
import { TensorError } from './errors.js';
import { bodyNodes, reachable } from './graph.js';
import { KERNELS } from './interp/kernels.js';
import { type Kernel, makeValue, type Value } from './interp/value.js';
import { isPrim, type Prim, type Tensor } from './ir.js';
import type { Program } from './program.js';
import { at } from './rules/rule.js';

/**
 * Runs a program in plain TypeScript and double precision: the reference that compiled programs are held against.
 * @throws TensorError `TENSOR_INPUT` naming a parameter that is missing or of the wrong size.
 */
export function interpret(
  program: Program,
  params: Readonly<Record<string, ArrayLike<number>>>,
  sizes: Bindings = {},
): Record<string, Value> {
  const values = new Map<Tensor, readonly Value[]>();
  for (const p of [...program.inputs, ...program.weights]) {
    const { name } = p.attrs;
    const shape = evalShape(p.shape, sizes);
    const given = params[name];
    const want = shape.reduce((n, d) => n * d, 1);
    if (!given || given.length !== want) {
      throw new TensorError(
        'TENSOR_INPUT',
        `${name}: want ${want} values of ${p.dtype}[${shape.join(',')}], got ${given?.length ?? 'none'}`,
      );
    }
    values.set(p as Tensor, [makeValue(Float64Array.from(given), shape)]);
  }
  const outputs = Object.entries(program.outputs);
  evaluate(reachable(outputs.map(([, t]) => t)), values, sizes);
  return Object.fromEntries(outputs.map(([key, t]) => [key, resultOf(values, t)]));
}

function resultOf(values: ReadonlyMap<Tensor, readonly Value[]>, t: Tensor): Value {
  const known = values.get(t)?.[0];
  if (!known) throw new TensorError('TENSOR_TRACE', `internal: ${t.prim} ${t.id} has no value`);
  return known;
}

function evaluate(nodes: readonly Tensor[], values: Map<Tensor, readonly Value[]>, sizes: Bindings): void {
  for (const node of nodes) {
    if (values.has(node)) continue;
    if (isPrim(node, 'loop')) values.set(node, runLoop(node, values, sizes));
    else if (isPrim(node, 'project')) {
      values.set(node, [at(values.get(at(node.inputs, 0)) ?? [], node.attrs.index)]);
    } else {
      const kernel = KERNELS[node.prim] as Kernel<Prim>; // a node carries the attributes of its primitive
      const inputs = node.inputs.map((x) => resultOf(values, x));
      values.set(node, [kernel(inputs, node.attrs, (d) => evalDim(d, sizes), node as Tensor<Prim>)]);
    }
  }
}

function runLoop(node: Tensor<'loop'>, values: Map<Tensor, readonly Value[]>, sizes: Bindings): Value[] {
  const body = node.attrs;
  const trip = resultOf(values, at(node.inputs, 0)).data[0] ?? 0;
  let carried = body.carriedIn.map((_, i) => resultOf(values, at(node.inputs, i + 1)));
  const scans: Value[][] = body.scans.map(() => []);
  const nodes = bodyNodes(body, body.iteration.trace);
  for (let i = 0, proceed = true; i < trip && proceed; i++) {
    const local = new Map(values);
    local.set(body.iteration as Tensor, [makeValue(Float64Array.of(i), [])]);
    body.carriedIn.forEach((p, k) => {
      local.set(p as Tensor, [at(carried, k)]);
    });
    // The size of a growing axis is what the carried value has in this iteration.
    const here: Record<string, number> = { ...sizes };
    body.carriedIn.forEach((p, k) => {
      p.shape.forEach((d, axis) => {
        if (typeof d !== 'number' && d.terms.size === 1 && sizes[d.key] === undefined)
          here[d.key] = at(at(carried, k).shape, axis);
      });
    });
    evaluate(nodes, local, here);
    carried = body.carriedOut.map((t) => resultOf(local, t));
    body.scans.forEach((t, k) => {
      scans[k]?.push(resultOf(local, t));
    });
    proceed = resultOf(local, body.proceed).data[0] === 1;
  }
  return [...carried, ...scans.map(stack)];
}

function stack(steps: readonly Value[]): Value {
  const shape = steps[0]?.shape ?? [];
  const data = new Float64Array(steps.reduce((n, s) => n + s.data.length, 0));
  let offset = 0;
  for (const s of steps) {
    data.set(s.data, offset);
    offset += s.data.length;
  }
  return makeValue(data, [steps.length, ...shape]);
}
