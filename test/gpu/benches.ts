import {
  CPU,
  compile,
  createChildRunner,
  type Device,
  type Precision,
  showDevice,
  thisMachine,
} from '@residency/tensor';
import { type PeerOptions, runPeer } from './peer.js';
import { type CaseModel, type GroupShape, learnerCase, type ProgramCase, samplerCase } from './programs.js';
import type { ModelShape } from './random-model.js';
import { type Records, testedKey } from './record.js';

/** A model's and a group's sizes, in the words of the peers' configuration. */
export type BenchConfig = ModelShape & {
  readonly r: number;
  readonly P: number;
  readonly S: number;
  readonly G: number;
};

export interface BenchOptions {
  readonly device: Device;
  readonly precision: Precision;
  readonly threads: number;
  readonly iterations: number;
  readonly model: CaseModel;
  readonly config: BenchConfig;
  /** Whether the processor is measured too, in f32; large models take minutes there. */
  readonly withCpu: boolean;
  /** Null leaves the peers out; they run in the same type. */
  readonly peer: PeerOptions | null;
  readonly records: Records;
}

interface Timing {
  readonly ms: number;
  readonly minMs: number;
  readonly memoryMiB: number | null;
}

const DEADLINE = { deadlineMs: 900_000 };

/** Memory in use on a GPU by all processes, in MiB. */
async function gpuMemory(device: Device): Promise<number | null> {
  if (device.kind !== 'cuda') return null;
  const args = ['--query-gpu=memory.used', '--format=csv,noheader,nounits', `--id=${device.index}`];
  const { status, stdout } = await thisMachine.run('nvidia-smi', args);
  return status === 0 ? Number(stdout.trim()) : null;
}

/** Median time of a run with its inputs and outputs crossing to the child and the device, after one that warms up. */
async function timed(
  c: ProgramCase,
  on: { readonly device: Device; readonly precision: Precision },
  { threads, model }: BenchOptions,
  iterations: number,
): Promise<Timing> {
  const runner = createChildRunner(DEADLINE);
  try {
    const weights = await model.weights(on.precision);
    const session = await compile(c.program, { runner, ...on, threads, weights });
    await session.run(c.sizes, c.inputs, DEADLINE);
    const times: number[] = [];
    for (let i = 0; i < iterations; i++) {
      const start = performance.now();
      await session.run(c.sizes, c.inputs, DEADLINE);
      times.push(performance.now() - start);
    }
    times.sort((a, b) => a - b);
    const round = (ms: number | undefined): number => Math.round((ms ?? Number.NaN) * 10) / 10;
    const memoryMiB = await gpuMemory(on.device);
    return { ms: round(times[Math.floor(times.length / 2)]), minMs: round(times[0]), memoryMiB };
  } finally {
    await runner.close();
  }
}

async function bench(
  name: 'learner' | 'sampler',
  c: ProgramCase,
  tokens: number,
  options: BenchOptions,
): Promise<void> {
  const { device, precision, config, withCpu, peer, records, iterations } = options;
  const withRate = (t: Timing): Record<string, unknown> => ({
    ...t,
    tokensPerSecond: Math.round((tokens / t.ms) * 1e4) / 10,
  });
  const line = { ...config, program: c.name, dtype: precision, tokens };
  try {
    const ours = await timed(c, { device, precision }, options, iterations);
    // The processor is there for scale, not for precision.
    const cpu =
      withCpu && device.kind === 'cuda'
        ? await timed(c, { device: CPU, precision: 'f32' }, options, 1)
        : null;
    const peers = peer === null ? null : await runPeer(name, { ...config }, peer);
    const ratio = (ms: unknown): number | null =>
      typeof ms === 'number' ? Math.round((ms / ours.ms) * 1000) / 1000 : null;
    records.add({
      bench: name,
      config: line,
      [testedKey(showDevice(device))]: withRate(ours),
      ...(cpu === null ? {} : { cpu: withRate(cpu) }),
      ...(peers === null ? {} : { peer: peers }),
      difference: {
        timesFasterThanCpu: ratio(cpu?.ms),
        timesFasterThanPeer: ratio(peers?.['ms']),
      },
      ok: Number.isFinite(ours.ms),
    });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    records.add({ bench: name, config: line, difference: { error: message }, ok: false });
  }
}

const groupOf = ({ P, S, G }: BenchConfig): GroupShape => ({ P, S, G });

/** Forward and backward of one group with an adapter on all projections: what a training step repeats. */
export function benchLearner(options: BenchOptions): Promise<void> {
  const { config, model } = options;
  const c = learnerCase(model.config, groupOf(config));
  return bench('learner', c, config.P + config.G * config.S, options);
}

/** G samples of S tokens of one prompt. */
export function benchSampler(options: BenchOptions): Promise<void> {
  const { config, model } = options;
  return bench(
    'sampler',
    samplerCase(model.config, 'none', groupOf(config), { temperature: 1, isFiltered: false }),
    config.G * config.S,
    options,
  );
}
