import type { Bindings, Program } from '@residency/tensor';
import { evalDim, productOf, showDim } from '../../../packages/tensor/src/dim.js';
import { isPrim, type Tensor } from '../../../packages/tensor/src/ir.js';
import { neededNodes, spelledBody } from '../../../packages/tensor/src/onnx/lowering.js';

/**
 * How loops run: for each, by the name of its number of iterations, the sizes that arise in every iteration.
 */
export type LoopRuns = Readonly<Record<string, (outer: Bindings) => readonly Bindings[]>>;

/**
 * Floating-point operations of the matrix products of one run of a program: 2·m·n·k for `[m,k] x [k,n]`, a
 * multiplication and an addition each. Nodes are those that the emitter writes, so that dead ones do not
 * count; the body of a loop counts once per iteration with the sizes of that iteration.
 * @throws RangeError naming a size without a value, or a loop that `loops` says nothing about
 */
export function countFlops(program: Program, sizes: Bindings, loops: LoopRuns = {}): number {
  return 2 * multiplyAdds(neededNodes(Object.values(program.outputs)), sizes, loops);
}

function multiplyAdds(nodes: readonly Tensor[], sizes: Bindings, loops: LoopRuns): number {
  // Results of a loop are as long as it ran: nodes after it read that size.
  const known: Record<string, number> = { ...sizes };
  let total = 0;
  for (const node of nodes) {
    if (isPrim(node, 'matmul') || isPrim(node, 'gemm')) {
      const summed = node.inputs[0]?.shape.at(-1) ?? 0;
      total += evalDim(productOf(node.shape), known) * evalDim(summed, known);
    } else if (isPrim(node, 'loop')) {
      const name = showDim(node.attrs.iterations);
      const iterations = loops[name]?.(known);
      if (!iterations) throw new RangeError(`nothing says how the loop ${name} runs`);
      const body = spelledBody(node).nodes;
      for (const own of iterations) total += multiplyAdds(body, { ...known, ...own }, loops);
      known[name] = iterations.length;
    }
  }
  return total;
}
