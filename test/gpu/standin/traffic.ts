import { thisMachine } from '@residency/tensor';
import { entryCommand } from '../../../packages/tensor/src/process/entry.js';
import type { GroupShape } from '../programs.js';
import type { ModelShape } from '../random-model.js';

/** A model whose key-value cache is several times its adapter, so that it would show. */
export const TRAFFIC_MODEL: ModelShape = { D: 64, L: 2, H: 4, KV: 4, dh: 32, F: 96, V: 64 };
const SHAPE: GroupShape = { P: 64, S: 16, G: 4 };
/** Rounds of tokens between compactions: what the stand-in answers to loops that ask how often they run. */
const TRIPS = 4;

/** Bytes that cross the bus in one run, beside what has to. */
export interface Traffic {
  readonly program: string;
  readonly dtype: string;
  readonly upBytes: number;
  readonly upCopies: number;
  readonly downBytes: number;
  readonly downCopies: number;
  /** What the host gives a run, and of that the adapter and the index arrays. */
  readonly feedBytes: number;
  readonly adapterBytes: number;
  readonly indexBytes: number;
  readonly resultBytes: number;
  /** Keys and values of all tokens. */
  readonly cacheBytes: number;
}

/** What the stand-in counts in a process; times of the host are no part of it. */
type Counted = Pick<Traffic, 'upBytes' | 'upCopies' | 'downBytes' | 'downCopies'>;
type Told = Omit<Traffic, keyof Counted | 'dtype' | 'cacheBytes'>;

const linesOf = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>); // the processes print objects

/** Counts a run of a program as the difference of a process of two runs and one of one. Null on a real GPU. */
export async function countTraffic(
  entry: URL,
  folder: string,
  which: 'learner' | 'sampler',
  dtype: 'f32' | 'bf16',
): Promise<Traffic | null> {
  const { path, execArgv } = entryCommand(entry);
  const { P, S, G } = SHAPE;
  const runs = async (count: number): Promise<{ told: Told; counted: Counted | null }> => {
    const args = [folder, which, dtype, `${P},${S},${G}`, `${count}`];
    const environment = ['STANDIN_REPORT=1', `STANDIN_TRIPS=${TRIPS}`];
    const { status, stdout, stderr } = await thisMachine.run('env', [
      ...environment,
      process.execPath,
      ...execArgv,
      path,
      ...args,
    ]);
    const [told] = linesOf(stdout);
    if (status !== 0 || told === undefined) throw new Error(stderr.trim().split('\n').at(-1));
    const report = linesOf(stderr).find((line) => 'standin' in line);
    return { told: told as unknown as Told, counted: (report?.['standin'] as Counted | undefined) ?? null };
  };
  const [one, two] = [await runs(1), await runs(2)];
  const [first, second] = [one.counted, two.counted];
  if (first === null || second === null) return null;
  const { L, KV, dh } = TRAFFIC_MODEL;
  return {
    ...two.told,
    dtype,
    upBytes: second.upBytes - first.upBytes,
    upCopies: second.upCopies - first.upCopies,
    downBytes: second.downBytes - first.downBytes,
    downCopies: second.downCopies - first.downCopies,
    cacheBytes: 2 * L * KV * dh * (P + G * S) * Float32Array.BYTES_PER_ELEMENT,
  };
}

/**
 * Bytes of the tables that ONNX Runtime uploads for joins along axes of unlike parts, 8 a place: a learner's blocks of all
 * heads, up to three times a layer; a sampler's scores and its own keys and values, in each layer for each token, with some
 * sixteen small arrays of 16 bytes.
 */
function tableBytes(isSampler: boolean): number {
  const { L, H } = TRAFFIC_MODEL;
  const { P, S, G } = SHAPE;
  return isSampler ? L * S * (8 * (P + S + 2 * S) + 16 * 16) : 3 * L * 8 * H * (P + G * S);
}

/** What loops read from the device for each token: whether to go on, and shapes. */
const DOWN_PER_TOKEN = 256;

/** Whether only what the host gives, tables and results cross, and neither weights nor activations nor the cache. */
export function isLittle(t: Traffic): boolean {
  const isSampler = t.program.startsWith('generate');
  const down = t.resultBytes + (isSampler ? DOWN_PER_TOKEN * SHAPE.S : 0);
  return t.upBytes <= t.feedBytes + tableBytes(isSampler) && t.downBytes <= down;
}
