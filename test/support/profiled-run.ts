import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emitModel, type Program } from '@residency/tensor';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { evalDim, evalShape } from '../../packages/tensor/src/dim.js';

/** What ONNX Runtime's profiler says of one node, in the order in which nodes ran. */
export interface RanNode {
  readonly operator: string;
  /** Bytes of the arena's blocks in use after the node. */
  readonly inUse: number;
}

/** Runs a program of f32 inputs, zeros all, as runners do but with a profile, and reads that. */
export async function profiledRun(
  program: Program,
  sizes: Readonly<Record<string, number>>,
  optimization: 'disabled' | 'all',
): Promise<RanNode[]> {
  const folder = await mkdtemp(join(tmpdir(), 'residency-profile-'));
  const { bytes, hostInts } = emitModel(program, new Map());
  // `endProfiling` is missing from the types of the package, not from the package.
  const session = (await InferenceSession.create(bytes, {
    graphOptimizationLevel: optimization,
    enableMemPattern: false,
    enableProfiling: true,
    profileFilePrefix: join(folder, 'run'),
    intraOpNumThreads: 1,
    extra: { session: { disable_prepacking: '1' } },
  })) as InferenceSession & { endProfiling(): void };
  try {
    const feeds: Record<string, Tensor> = {};
    for (const { attrs, shape } of program.inputs) {
      const dims = evalShape(shape, sizes);
      const count = dims.reduce((n, d) => n * d, 1);
      feeds[attrs.name] = new Tensor('float32', new Float32Array(count), dims);
    }
    for (const { name, dims, isScalar } of hostInts) {
      const values = BigInt64Array.from(dims, (d) => BigInt(evalDim(d, sizes)));
      feeds[name] = new Tensor('int64', values, isScalar ? [] : [values.length]);
    }
    await session.run(feeds);
    session.endProfiling();
    const [file] = await readdir(folder);
    const events: unknown = JSON.parse(await readFile(join(folder, file ?? ''), 'utf8'));
    return Array.isArray(events) ? events.flatMap(nodeOf) : [];
  } finally {
    await session.release();
    await rm(folder, { recursive: true });
  }
}

function nodeOf(event: { cat?: string; name?: string; args?: Record<string, string> }): RanNode[] {
  const { cat, name, args } = event;
  if (cat !== 'Node' || !name?.endsWith('_kernel_time') || !args) return [];
  return [{ operator: args['op_name'] ?? '', inUse: Number(args['mem_bytes_in_use']) }];
}
