/**
 * Runs one program twice in this process and prints what that made resident. Arguments: a MeasuredJob as
 * JSON, a model.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { compile, createLocalRunner, estimateMemory, type Program, type TensorData } from '@residency/tensor';
import type { Trainable } from '../../../packages/model/src/binding.js';
import { readConfig } from '../../../packages/model/src/config.js';
import { generateFeeds } from '../../../packages/model/src/engine/sample.js';
import { layoutGroups } from '../../../packages/model/src/layout/group.js';
import { generateProgram } from '../../../packages/model/src/programs/generate.js';
import { scoreProgram } from '../../../packages/model/src/programs/score.js';
import { trainProgram } from '../../../packages/model/src/programs/train.js';
import { openWeights } from '../../../packages/model/src/weights.js';
import { evalShape } from '../../../packages/tensor/src/dim.js';

/**
 * N groups of G completions of S tokens after prompts of P; `early` is the share of samples that end a tenth
 * early.
 */
export interface MeasuredJob {
  readonly kind: 'train' | 'score' | 'generate';
  readonly N: number;
  readonly P: number;
  readonly G: number;
  readonly S: number;
  readonly layers: number;
  readonly vocab: number;
  readonly recomputes: boolean;
  readonly early: number;
}

const job = JSON.parse(process.argv[2] ?? '') as MeasuredJob; // the benchmark's own
const { kind, N, P, G, S } = job;
const modelDir = process.argv[3] ?? '';
const config = await readConfig(modelDir);
const trainable: Trainable = { kind: 'lora', rank: 8, alpha: 16 };
const loss = { kind: 'policy', estimator: 'ppo', kl: null, entropy: false, correction: null } as const;
const PROGRAMS: { readonly [K in MeasuredJob['kind']]: () => Program } = {
  train: () => trainProgram(config, trainable, loss, { recomputes: job.recomputes }),
  score: () => scoreProgram(config, trainable),
  generate: () => generateProgram(config, trainable, { isFiltered: false }),
};

const ids = (count: number, seed: number): number[] =>
  Array.from({ length: count }, (_, i) => (i * 37 + seed) % job.vocab);

/** Sizes, and the feeds that have to make sense; what is missing is fed zeros. */
function feedsOf(): { sizes: Readonly<Record<string, number>>; feeds: Readonly<Record<string, TensorData>> } {
  if (kind !== 'generate') {
    const group = (n: number) => ({
      prefix: ids(P, n),
      suffixes: Array.from({ length: G }, (_, g) => ids(S, g)),
    });
    return layoutGroups(
      Array.from({ length: N }, (_, n) => group(n)),
      config,
    );
  }
  const limits = Array.from({ length: G }, (_, g) => (g < job.early * G ? Math.ceil(0.9 * S) : S));
  const request = {
    adapter: null,
    promptIds: ids(P, 0),
    temperatures: limits.map(() => 1),
    maxNewTokens: S,
    limits,
    stopIds: [],
    key: { seed: 1, step: 0, prompt: 0 },
  };
  const { sizes, feeds } = generateFeeds(request, config);
  return { sizes: { ...sizes, A: G, B: G, T: S, tokens: S, rounds: G }, feeds };
}

const ARRAYS = { f32: Float32Array, i64: BigInt64Array, bool: Uint8Array } as const;
const status = (name: string): number =>
  Number(new RegExp(`${name}:\\s+(\\d+)`).exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024;
const settle = async (): Promise<void> => {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
};

const { files } = await openWeights(modelDir, config);
const program = PROGRAMS[kind]();
const session = await compile(program, { runner: createLocalRunner(), threads: 2, weights: files });
const { sizes, feeds } = feedsOf();
const inputs = Object.fromEntries(
  program.inputs.map(({ attrs, dtype, shape }) => {
    const count = evalShape(shape, sizes).reduce((n, d) => n * d, 1);
    return [attrs.name, feeds[attrs.name] ?? new ARRAYS[dtype](count)] as const;
  }),
);
const { peakBytes, weightsBytes, inputsBytes } = estimateMemory(program, sizes);
await settle();
const before = { all: status('VmRSS'), files: status('RssFile') };
writeFileSync('/proc/self/clear_refs', '5'); // the most ever resident is counted from here on
for (let i = 0; i < 2; i++) {
  await session.run(sizes, inputs);
  await settle();
}
const measured = status('VmHWM') - before.all - (status('RssFile') - before.files);
const estimated = (peakBytes - weightsBytes - inputsBytes) / 2 ** 20;
const ratio = (estimated / measured).toFixed(3);
console.log(
  JSON.stringify({ ...job, measured: Math.round(measured), estimated: Math.round(estimated), ratio }),
);
