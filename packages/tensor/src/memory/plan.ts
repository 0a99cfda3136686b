import type { Dim, Shape } from '../dim.js';
import { type DType, isPrim, type Prim, type Tensor } from '../ir.js';
import { neededNodes, operandsOf, spelledBody, weightOf } from '../onnx/lowering.js';
import type { Program } from '../program.js';
import { at } from '../rules/rule.js';
import { executionOrder, giverOf, isComputed } from './execution-order.js';

/** A piece of memory that is filled once. */
export interface Buffer {
  /** What fills it: a primitive, or the name of a parameter. */
  readonly label: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** One node: what it leaves behind, what it needs while it runs, and what nobody reads after it. */
export interface Step {
  readonly makes: readonly Buffer[];
  readonly scratch: readonly Buffer[];
  readonly frees: readonly Buffer[];
  readonly loop: LoopPlan | null;
}

/**
 * A loop holds the carried values that an iteration found while it makes the next ones, and copies the last
 * ones out.
 */
export interface LoopPlan {
  /** Carried values as an iteration finds them. */
  readonly carried: readonly Buffer[];
  readonly body: readonly Step[];
  /** What an iteration hands on, and of that what stays for the stacked scans. */
  readonly kept: readonly Buffer[];
  readonly scans: readonly Buffer[];
  readonly iterations: Dim;
}

/** What a program does with memory, for all sizes. */
export interface MemoryPlan {
  readonly steps: readonly Step[];
  readonly inputs: readonly Buffer[];
  /** Mapped weights, and the copies that products hold of packed ones. */
  readonly weights: readonly Buffer[];
  readonly outputs: readonly Buffer[];
}

/** Nodes whose result is another view of their first operand's memory. */
const VIEWS: ReadonlySet<Prim> = new Set(['reshape', 'after', 'stopGradient', 'defined']);

const like = (t: Tensor, label: string = t.prim): Buffer => ({ label, dtype: t.dtype, shape: t.shape });

/**
 * Kernels that work in memory of their own: a Where selects from each branch first, a TopK has two results.
 */
const SCRATCH: { readonly [P in Prim]?: (node: Tensor) => readonly Buffer[] } = {
  where: (node) => [like(node), like(node)],
  topK: (node) => [{ ...like(node), dtype: 'f32' }],
  choose: (node) =>
    at(node.inputs, 0).shape.flatMap((n) =>
      [n, n].map((d) => ({ label: 'choose', dtype: 'f32', shape: [d] }) as const),
    ),
};

export function memoryPlan(program: Program): MemoryPlan {
  const results = Object.values(program.outputs);
  const needed = neededNodes(results);
  const used = new Set(needed);
  const buffers = new Buffers();
  const parameters = (all: readonly Tensor<'param'>[]): Buffer[] =>
    all.filter((p) => used.has(p as Tensor)).map((p) => buffers.declare(p));
  const [inputs, mapped] = [parameters(program.inputs), parameters(program.weights)];
  const { steps, kept } = graphSteps(needed.filter(isComputed), results, buffers);
  const weights = program.packsWeights ? packed(needed, mapped) : mapped;
  return { steps, inputs, weights, outputs: kept };
}

/** Kernels read packed weights in strips of so many columns. */
const STRIP = 16;

/** One copy for each product with a weight; what nothing else reads is not mapped any more. */
function packed(needed: readonly Tensor[], mapped: readonly Buffer[]): Buffer[] {
  const copies: Buffer[] = [];
  const readOtherwise = new Set<string>();
  const visit = (nodes: readonly Tensor[]): void => {
    for (const node of nodes) {
      const weight = weightOf(node);
      if (weight) copies.push(strips(weight));
      // A loop reads what its body reads.
      if (isPrim(node, 'loop')) visit(spelledBody(node).nodes);
      else {
        for (const x of operandsOf(node))
          if (isPrim(x, 'param') && x !== weight) readOtherwise.add(x.attrs.name);
      }
    }
  };
  visit(needed);
  return [...copies, ...mapped.filter(({ label }) => readOtherwise.has(label))];
}

/** Which side is cut into strips depends on the product: the sizes differ by less than one strip. */
function strips(weight: Tensor<'param'>): Buffer {
  const [rows = 1, columns = 1] = weight.shape;
  const whole = typeof rows === 'number' ? Math.ceil(rows / STRIP) * STRIP : rows;
  return { label: weight.attrs.name, dtype: weight.dtype, shape: [whole, columns] };
}

/** Which values share which memory. */
class Buffers {
  readonly #own = new Map<Tensor, readonly Buffer[]>();

  declare(p: Tensor<'param'>): Buffer {
    const buffer = like(p as Tensor, p.attrs.name);
    this.#own.set(p as Tensor, [buffer]);
    return buffer;
  }

  make(node: Tensor, buffers: readonly Buffer[]): void {
    this.#own.set(node, buffers);
  }

  /** The memory that a value lies in, which is none for a literal. */
  of(t: Tensor): Buffer | null {
    const [source] = t.inputs;
    if (source && VIEWS.has(t.prim)) return this.of(source);
    if (source && isPrim(t, 'project')) return this.#own.get(giverOf(source))?.[t.attrs.index] ?? null;
    return this.#own.get(t)?.[0] ?? null;
  }
}

/**
 * The steps of one graph, and the memory of its results, which is a copy where a result is no value of its
 * own.
 */
function graphSteps(
  nodes: readonly Tensor[],
  results: readonly Tensor[],
  buffers: Buffers,
): { steps: Step[]; kept: Buffer[] } {
  const made = new Set<Buffer>();
  const lastRead = new Map<Buffer, number>();
  const drafts = executionOrder(nodes, results).map((node, i) => {
    const makes = makesOf(node, buffers);
    const read = operandsOf(node).flatMap((x) => buffers.of(x) ?? []);
    for (const buffer of makes) made.add(buffer);
    for (const buffer of [...makes, ...read]) lastRead.set(buffer, i);
    const loop = isPrim(node, 'loop') ? loopPlan(node, buffers) : null;
    return { makes, scratch: SCRATCH[node.prim]?.(node) ?? [], loop };
  });
  const copies: Buffer[] = [];
  const free = new Set(made);
  const kept = results.map((t) => {
    const own = buffers.of(t);
    if (own && free.delete(own)) return own;
    const copy = like(t, 'copy');
    copies.push(copy);
    return copy;
  });
  const dying = new Map<number, Buffer[]>();
  for (const buffer of free) {
    const i = lastRead.get(buffer) ?? 0;
    dying.set(i, [...(dying.get(i) ?? []), buffer]);
  }
  const steps = drafts.map((draft, i) => ({ ...draft, frees: dying.get(i) ?? [] }));
  return { steps: [...steps, { makes: copies, scratch: [], frees: [], loop: null }], kept };
}

/** What a node fills; nothing where it is a view. */
function makesOf(node: Tensor, buffers: Buffers): readonly Buffer[] {
  if (VIEWS.has(node.prim)) return [];
  const makes = isPrim(node, 'loop') ? loopResults(node) : [like(node)];
  buffers.make(node, makes);
  return makes;
}

const loopResults = ({ attrs }: Tensor<'loop'>): Buffer[] => [
  ...attrs.carriedOut.map((t) => like(t, 'loop')),
  ...attrs.scans.map((t) => ({ ...like(t, 'loop'), shape: [attrs.iterations, ...t.shape] })),
];

function loopPlan(node: Tensor<'loop'>, buffers: Buffers): LoopPlan {
  const { carriedIn, carriedOut, scans, proceed, iterations, iteration } = node.attrs;
  buffers.declare(iteration);
  const carried = carriedIn.map((p) => buffers.declare(p));
  const results = [proceed, ...carriedOut, ...scans];
  const { steps, kept } = graphSteps(spelledBody(node).nodes.filter(isComputed), results, buffers);
  return { carried, body: steps, kept, scans: scans.map((t) => like(t, 'scan')), iterations };
}
