import type { LoopBody, Tensor, Trace } from './ir.js';

/** Nodes that the roots depend on, each after its inputs. */
export function reachable(roots: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [...roots];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  // Ids grow as nodes are made, and a node is made after its inputs.
  return [...seen].sort((a, b) => a.id - b.id);
}

/** The body's own nodes, each after its inputs. */
export function bodyNodes(body: LoopBody, inner: Trace): Tensor[] {
  const seen = new Set<Tensor>();
  const stack: Tensor[] = [...body.carriedOut, ...body.scans, body.proceed];
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (seen.has(node) || !node.trace.isWithin(inner)) continue;
    seen.add(node);
    stack.push(...node.inputs);
  }
  return [...seen].sort((a, b) => a.id - b.id);
}
