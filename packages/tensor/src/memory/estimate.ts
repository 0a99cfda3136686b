import type { Bindings } from '../dim.js';
import type { Program } from '../program.js';
import { MemoryRun } from './memory-run.js';
import { type Buffer, type MemoryPlan, memoryPlan } from './plan.js';

/** Values of one kind that are alive where a run holds most. */
export interface HeldValues {
  /** What makes them and their type: `silu f32[1017,1408]`. */
  readonly what: string;
  readonly count: number;
  /** Of all of them. */
  readonly bytes: number;
}

/** Memory of a run of a program on the processor, in bytes. */
export interface MemoryEstimate {
  /** All that follows, with the outputs as the caller gets them. */
  readonly peakBytes: number;
  /** What computed values make resident; the session keeps it for its next runs until it is closed. */
  readonly computedBytes: number;
  /** Mapped from files, or packed. */
  readonly weightsBytes: number;
  /** Given by the caller. */
  readonly inputsBytes: number;
  readonly outputsBytes: number;
  /** Computed values alive at the peak alone, without what lies idle between them. */
  readonly aliveBytes: number;
  /** What they are, the largest kinds first. */
  readonly largest: readonly HeldValues[];
}

/**
 * Blocks lie a little otherwise than the model of the arena has them: measured, up to 8 % more is resident.
 */
const LAYOUT_MARGIN = 1.06;
/**
 * Values that grow do not fit where the shorter ones before them lay, which the model of a loop leaves out.
 */
const LOOP_MARGIN = 1.16;
/** Stacks of threads and working memory of kernels. */
const RUNTIME_BYTES = 3 * 2 ** 20;
/** The caller gets copies, and those of the run before may wait for the garbage collector. */
const OUTPUT_COPIES = 2;
const KINDS_SHOWN = 8;

const plans = new WeakMap<Program, MemoryPlan>();

/**
 * Estimates the memory of a run from the program itself: its values, made in the order in which ONNX Runtime
 * runs their nodes and freed behind their last reader, laid out as its arena lays them. Against measured
 * resident memory the estimate is 0.95 to 1.3 times as much, and up to 1.5 times where values find room that packing
 * weights left (test/bench/memory-estimate.ts). The first estimate of a program costs a walk over it, further ones a few milliseconds.
 * @param sizes values of all named sizes; of those that only the device knows, the largest that they may get
 * @throws RangeError naming a size without a value
 */
export function estimateMemory(program: Program, sizes: Bindings): MemoryEstimate {
  const plan = plans.get(program) ?? memoryPlan(program);
  plans.set(program, plan);
  const run = new MemoryRun(sizes);
  run.steps(plan.steps);
  const total = (buffers: readonly Buffer[]): number => buffers.reduce((n, b) => n + run.bytesOf(b), 0);
  const inputsBytes = total(plan.inputs);
  const weightsBytes = total(plan.weights);
  const outputsBytes = total(plan.outputs);
  const { residentBytes, loopBytes } = run;
  const straightBytes = (residentBytes - loopBytes) * LAYOUT_MARGIN;
  const computedBytes = Math.ceil(straightBytes + loopBytes * LOOP_MARGIN) + RUNTIME_BYTES;
  return {
    peakBytes: computedBytes + weightsBytes + inputsBytes + OUTPUT_COPIES * outputsBytes,
    computedBytes,
    weightsBytes,
    inputsBytes,
    outputsBytes,
    aliveBytes: run.peakBytes,
    largest: kindsOf(run),
  };
}

function kindsOf(run: MemoryRun): HeldValues[] {
  const kinds = new Map<string, HeldValues>();
  for (const { buffer, bytes } of run.atPeak) {
    const shape = buffer.shape.map((d) => run.valueOf(d));
    const what = `${buffer.label} ${buffer.dtype}[${shape.join(',')}]`;
    const known = kinds.get(what);
    kinds.set(what, { what, count: (known?.count ?? 0) + 1, bytes: (known?.bytes ?? 0) + bytes });
  }
  return [...kinds.values()].sort((a, b) => b.bytes - a.bytes).slice(0, KINDS_SHOWN);
}
