import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, createLocalRunner, type Program, type TensorData } from '@residency/tensor';
import { type DecoderConfig, readConfig } from '../../packages/model/src/config.js';
import { packGroup, padRows } from '../../packages/model/src/engine/batch.js';
import { generateProgram } from '../../packages/model/src/programs/generate.js';
import { scoreProgram } from '../../packages/model/src/programs/score.js';
import { trainProgram } from '../../packages/model/src/programs/train.js';
import { openWeights, type WeightOptions } from '../../packages/model/src/weights.js';

type Ids = readonly number[];

/** A model folder, opened as the engine opens it, whose programs run in this process. */
export interface RunningModel {
  readonly config: DecoderConfig;
  readonly sha256: string;
  /** Log-probabilities of the tokens of each suffix after a shared prefix. */
  score(prefix: Ids, suffixes: readonly Ids[]): Promise<number[][]>;
  /** Sum of the negative log-likelihoods of all suffix tokens, and its derivative by every weight. */
  gradients(
    prefix: Ids,
    suffixes: readonly Ids[],
  ): Promise<{ nll: number; byName: Map<string, Float32Array> }>;
  /** The most likely token, `count` times. */
  generate(prompt: Ids, count: number): Promise<number[]>;
}

export async function runModel(modelDir: string, options: WeightOptions = {}): Promise<RunningModel> {
  const config = await readConfig(modelDir);
  const { files, sha256 } = await openWeights(modelDir, config, options);
  const run = async (
    program: Program,
    sizes: Readonly<Record<string, number>>,
    inputs: Readonly<Record<string, TensorData>>,
  ): Promise<Record<string, TensorData>> => {
    const runner = createLocalRunner();
    try {
      const session = await compile(program, { runner, threads: 1, weights: files });
      return await session.run(sizes, inputs);
    } finally {
      await runner.close();
    }
  };
  const values = async (): Promise<Record<string, TensorData>> => {
    const contents = new Map<string, Buffer>();
    const all: Record<string, TensorData> = {};
    for (const [name, { file, offset, bytes }] of files.locations) {
      const content = contents.get(file) ?? (await readFile(join(files.folder, file)));
      contents.set(file, content);
      all[name] = new Float32Array(new Uint8Array(content.subarray(offset, offset + bytes)).buffer);
    }
    return all;
  };
  return {
    config,
    sha256,
    score: async (prefix, suffixes) => {
      const { sizes, ids } = packGroup(prefix, suffixes);
      const out = await run(scoreProgram(config, { kind: 'none' }), sizes, {
        ids,
        inverseTemperature: Float32Array.of(1),
      });
      const all = Array.from(out['logprobs'] ?? [], Number);
      return suffixes.map((s, g) => all.slice(g * sizes.S, g * sizes.S + s.length));
    },
    gradients: async (prefix, suffixes) => {
      const { sizes, ids } = packGroup(prefix, suffixes);
      const out = await run(trainProgram(config, { kind: 'full' }, 'supervised'), sizes, {
        ...(await values()),
        ids,
        inverseTemperature: Float32Array.of(1),
        mask: padRows(
          suffixes.map((s) => s.map(() => 1)),
          sizes.S,
        ),
        lossScale: Float32Array.of(1),
      });
      const byName = Object.entries(out)
        .filter(([name]) => name.startsWith('grad:'))
        .map(([name, data]) => [name.slice('grad:'.length), Float32Array.from(data, Number)] as const);
      return { nll: Number(out['nll']?.[0]), byName: new Map(byName) };
    },
    generate: async (prompt, count) => {
      const out = await run(
        generateProgram(config, { kind: 'none' }),
        { P: prompt.length, G: 1, M: count, K: 1 },
        {
          promptIds: BigInt64Array.from(prompt, BigInt),
          uniforms: new Float32Array(count).fill(0.5),
          inverseTemperatures: Float32Array.of(1),
          isGreedy: Float32Array.of(1),
          // No token has this id: generation ends with the count alone.
          stopIds: BigInt64Array.of(-1n),
          maxNewTokens: BigInt64Array.of(BigInt(count)),
        },
      );
      return Array.from(out['ids'] ?? [], Number);
    },
  };
}
