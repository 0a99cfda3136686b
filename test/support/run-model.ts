import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, createLocalRunner, type Program, type Session, type TensorData } from '@residency/tensor';
import { type DecoderConfig, readConfig } from '../../packages/model/src/config.js';
import { padRows } from '../../packages/model/src/engine/batch.js';
import { generateFeeds } from '../../packages/model/src/engine/sample.js';
import { layoutGroups } from '../../packages/model/src/layout/group.js';
import { generateProgram } from '../../packages/model/src/programs/generate.js';
import { scoreProgram } from '../../packages/model/src/programs/score.js';
import { trainProgram } from '../../packages/model/src/programs/train.js';
import { openWeights, type WeightOptions } from '../../packages/model/src/weights.js';

type Ids = readonly number[];

/** Runs a score program: log-probabilities of the tokens of each suffix after a shared prefix. */
export async function scoreGroup(
  session: Session,
  config: DecoderConfig,
  prefix: Ids,
  suffixes: readonly Ids[],
  inputs: Readonly<Record<string, TensorData>> = {},
): Promise<number[][]> {
  const { sizes, feeds } = layoutGroups([{ prefix, suffixes }], config);
  const out = await session.run(sizes, { inverseTemperature: Float32Array.of(1), ...feeds, ...inputs });
  const all = Array.from(out['logprobs'] ?? [], Number);
  return suffixes.map((s, g) => all.slice(g * sizes.L, g * sizes.L + s.length));
}

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
  /** The most likely token, `count` times, and the log-probability of each. */
  generate(prompt: Ids, count: number): Promise<{ ids: number[]; logprobs: number[] }>;
}

export async function runModel(modelDir: string, options: WeightOptions = {}): Promise<RunningModel> {
  const config = await readConfig(modelDir);
  const { files, sha256 } = await openWeights(modelDir, config, options);
  const withSession = async <T>(program: Program, use: (session: Session) => Promise<T>): Promise<T> => {
    const runner = createLocalRunner();
    try {
      return await use(await compile(program, { runner, threads: 1, weights: files }));
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
    score: (prefix, suffixes) =>
      withSession(scoreProgram(config, { kind: 'none' }), (session) =>
        scoreGroup(session, config, prefix, suffixes),
      ),
    gradients: async (prefix, suffixes) => {
      const { sizes, feeds } = layoutGroups([{ prefix, suffixes }], config);
      const ones = padRows(
        suffixes.map((s) => s.map(() => 1)),
        sizes.L,
      );
      const inputs = {
        ...(await values()),
        ...feeds,
        inverseTemperature: Float32Array.of(1),
        mask: ones,
        weights: ones,
      };
      const program = trainProgram(config, { kind: 'full' }, { kind: 'supervised' });
      const out = await withSession(program, (session) => session.run(sizes, inputs));
      const byName = Object.entries(out)
        .filter(([name]) => name.startsWith('grad:'))
        .map(([name, data]) => [name.slice('grad:'.length), Float32Array.from(data, Number)] as const);
      return { nll: Number(out['nll']?.[0]), byName: new Map(byName) };
    },
    generate: async (prompt, count) => {
      const { sizes, feeds } = generateFeeds(
        {
          adapter: null,
          promptIds: prompt,
          temperatures: [0],
          maxNewTokens: count,
          stopIds: [],
          key: { seed: 0, step: 0, prompt: 0 },
        },
        config,
      );
      const program = generateProgram(config, { kind: 'none' }, { isFiltered: false });
      const out = await withSession(program, (session) => session.run(sizes, feeds));
      const column = (name: string): number[] =>
        Array.from(out[name] ?? [], Number).filter((_, i) => i % sizes.G === 0);
      return { ids: column('ids'), logprobs: column('logprobs') };
    },
  };
}
