import { isPrim, type Tensor } from '../ir.js';
import { operandsOf } from '../onnx/lowering.js';

/**
 * Whether a value is computed by a node of an ONNX graph: inputs, literals and names of other values are not.
 */
export const isComputed = (t: Tensor): boolean =>
  t.prim !== 'param' && t.prim !== 'constant' && t.prim !== 'defined' && t.prim !== 'project';

/**
 * The node that gives a value: what a `defined` value is a name for, the loop of a projection, else the value
 * itself.
 */
export function giverOf(t: Tensor): Tensor {
  let node = t;
  while (isPrim(node, 'defined') || isPrim(node, 'project')) node = node.inputs[0] ?? node;
  return node;
}

/**
 * The order in which ONNX Runtime runs the nodes of one graph: depth first from the values that no node
 * reads, the last value and the last operand first (core/graph/graph_viewer.cc; Graph::ReverseDFSFrom with
 * nodes compared by index).
 * @param nodes the computed nodes of the graph, as they are written
 * @param outputs the graph's results; one that a node reads too is handed out by a node of its own
 */
export function executionOrder(nodes: readonly Tensor[], outputs: readonly Tensor[]): Tensor[] {
  const own = new Set(nodes);
  const sources = new Map(nodes.map((t) => [t, sourcesOf(t, own)]));
  const isRead = new Set([...sources.values()].flat());
  const leaves = [
    ...nodes.filter((t) => !isRead.has(t)),
    ...outputs.map(giverOf).filter((t) => isRead.has(t)),
  ];
  const order: Tensor[] = [];
  const seen = new Set<Tensor>();
  const stack = leaves.map((node) => ({ node, isLeft: false }));
  for (let entry = stack.pop(); entry; entry = stack.pop()) {
    const { node, isLeft } = entry;
    if (isLeft) order.push(node);
    if (isLeft || seen.has(node)) continue;
    seen.add(node);
    stack.push({ node, isLeft: true });
    for (const source of sources.get(node) ?? [])
      if (!seen.has(source)) stack.push({ node: source, isLeft: false });
  }
  return order;
}

const sourcesOf = (t: Tensor, own: ReadonlySet<Tensor>): Tensor[] =>
  [...new Set(operandsOf(t).map(giverOf))].filter((x) => own.has(x)).sort((a, b) => a.id - b.id);
