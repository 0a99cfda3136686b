import { rm } from 'node:fs/promises';
import { compile, createLocalRunner, type Program, type Session, type TensorData } from '@residency/tensor';
import { type Trainable, trainableShapes } from '../../packages/model/src/binding.js';
import type { DecoderConfig } from '../../packages/model/src/config.js';
import { padRows } from '../../packages/model/src/engine/batch.js';
import type { PlannedItem } from '../../packages/model/src/engine/plan-runs.js';
import { type GroupLayout, layoutGroups } from '../../packages/model/src/layout/group.js';
import { groupBlocks, rowsOf, type TokenGroup } from '../../packages/model/src/layout/group-rows.js';
import { type LossSpec, lossInputs } from '../../packages/model/src/losses/index.js';
import { weightShapes } from '../../packages/model/src/parameters.js';
import { scoreProgram } from '../../packages/model/src/programs/score.js';
import { trainProgram } from '../../packages/model/src/programs/train.js';
import { randomNumbers } from './numbers.js';
import { configOf } from './tiny-model.js';
import { writeTensors } from './weight-files.js';

/** A completion and what decides the numbers on its tokens: equal seeds mean equal numbers, in whatever run. */
export interface TrainSample {
  readonly ids: readonly number[];
  readonly seed: number;
}

export interface TrainGroup {
  readonly prefix: readonly number[];
  readonly samples: readonly TrainSample[];
  /** Whether its tokens have the aggregation weight 0. @defaultValue false */
  readonly isWeightless?: boolean;
}

/** What stands where no token does: in token inputs, and as id and position of the rows that are spare. */
export interface Rubbish {
  readonly tokens: number;
  readonly id: number;
  readonly position: number;
}
const NO_RUBBISH: Rubbish = { tokens: 0, id: 0, position: 0 };

export interface TrainerOptions {
  readonly json: Readonly<Record<string, unknown>>;
  readonly trainable: Trainable;
  readonly loss: LossSpec;
  readonly threads?: number;
}

export interface Trained {
  /** Sums that the loss reports, by name. */
  readonly sums: ReadonlyMap<string, number>;
  /** Gradients by parameter: of an adapter one for each group, else one of all. */
  readonly gradients: ReadonlyMap<string, readonly Float32Array[]>;
}

/** A tiny model whose score and train programs are compiled once and run with any groups. */
export interface GroupTrainer {
  readonly config: DecoderConfig;
  /** Log-probabilities of the tokens of each completion of each group. */
  score(groups: readonly TrainGroup[], rubbish?: Rubbish): Promise<Float32Array[][]>;
  train(groups: readonly TrainGroup[], rubbish?: Rubbish): Promise<Trained>;
  close(): Promise<void>;
}

export const LORA: Trainable = { kind: 'lora', rank: 3, alpha: 6 };

/** Every completion in a group of its own, which repeats the prefix. */
export const repeatPrefix = (group: TrainGroup): TrainGroup[] =>
  group.samples.map((sample) => ({ ...group, samples: [sample] }));

/** Random weights under which values keep their size from layer to layer, and random adapters of half that size. */
function parametersOf(config: DecoderConfig, trainable: Trainable): Map<string, Float32Array> {
  const values = new Map<string, Float32Array>();
  let seed = 40;
  for (const [name, shape] of [...weightShapes(config), ...trainableShapes(config, trainable)]) {
    if (values.has(name)) continue;
    const [columns = 1] = shape.slice(-1);
    const scale = shape.length === 1 ? 0.3 : (name.includes('lora') ? 1 : 2) / Math.sqrt(columns);
    const shift = name.includes('norm') ? 1 : 0;
    const count = shape.reduce((n, d) => n * d, 1);
    values.set(
      name,
      Float32Array.from(randomNumbers(count, seed++), (v) => shift + scale * v),
    );
  }
  return values;
}

/** What the engine plans runs by. */
export function plannedOf(g: TrainGroup): PlannedItem {
  const group = toTokenGroup(g);
  return { rows: rowsOf(group), layout: groupBlocks(group) };
}

const toTokenGroup = (g: TrainGroup): TokenGroup => ({
  prefix: g.prefix,
  suffixes: g.samples.map((s) => s.ids),
});

/** Numbers on the tokens of a sample: log-probabilities near those of a policy, advantages and weights. */
function tokenValues(sample: TrainSample, isWeightless: boolean): Record<string, Float32Array> {
  const random = (stream: number): number[] => randomNumbers(sample.ids.length, sample.seed * 8 + stream);
  return {
    mask: new Float32Array(sample.ids.length).fill(1),
    weights: Float32Array.from(random(0), (v) => (isWeightless ? 0 : 0.3 + 0.2 * v)),
    oldLogprobs: Float32Array.from(random(1), (v) => v / 2 - 3),
    samplerLogprobs: Float32Array.from(random(2), (v) => v / 2 - 3),
    referenceLogprobs: Float32Array.from(random(3), (v) => v / 2 - 3),
    advantages: Float32Array.from(random(4), (v) => v + 0.5),
  };
}
const TOKEN_INPUTS = ['mask', 'weights', 'oldLogprobs', 'samplerLogprobs', 'referenceLogprobs', 'advantages'];

function feedsOf(
  groups: readonly TrainGroup[],
  config: DecoderConfig,
  rubbish: Rubbish,
): { sizes: GroupLayout['sizes']; feeds: Record<string, TensorData> } {
  const { sizes, feeds } = layoutGroups(groups.map(toTokenGroup), config);
  const { G, L, R } = sizes;
  const ids = BigInt64Array.from(feeds['ids'] ?? [], BigInt);
  const positions = Float32Array.from(feeds['positions'] ?? [], Number);
  groups.forEach((g, n) => {
    const spare = [n * R + rowsOf(toTokenGroup(g)) - 1, (n + 1) * R] as const;
    ids.fill(BigInt(rubbish.id), ...spare);
    positions.fill(rubbish.position, ...spare);
  });
  const values = groups.flatMap((g) =>
    Array.from({ length: G }, (_, i) => {
      const sample = g.samples[i];
      return sample ? tokenValues(sample, g.isWeightless ?? false) : {};
    }),
  );
  const matrix = (name: string): Float32Array => {
    const rows = values.map((v) => v[name] ?? []);
    const out = padRows(rows, L);
    if (name === 'mask') return out;
    rows.forEach((row, b) => {
      out.fill(rubbish.tokens, b * L + row.length, (b + 1) * L);
    });
    return out;
  };
  return {
    sizes,
    feeds: {
      ...feeds,
      ids,
      positions,
      inverseTemperature: Float32Array.of(0.8),
      ...Object.fromEntries(TOKEN_INPUTS.map((name) => [name, matrix(name)])),
    },
  };
}

export async function openGroupTrainer(options: TrainerOptions): Promise<GroupTrainer> {
  const { json, trainable, loss, threads = 1 } = options;
  const config = configOf(json);
  const runner = createLocalRunner();
  const folders: string[] = [];
  const values = parametersOf(config, trainable);
  const open = async (program: Program): Promise<Session> => {
    const names = program.weights.map((w) => w.attrs.name);
    if (names.length === 0) return await compile(program, { runner, threads });
    const weights = await writeTensors(names, Object.fromEntries(values));
    folders.push(weights.folder);
    return await compile(program, { runner, threads, weights });
  };
  const sessions = new Map<string, Promise<Session>>();
  const session = (name: string, build: () => Program): Promise<Session> => {
    const known = sessions.get(name) ?? open(build());
    sessions.set(name, known);
    return known;
  };
  const parameters = Object.fromEntries(
    [...trainableShapes(config, trainable).keys()].map((name) => [name, values.get(name) ?? []]),
  ) as Record<string, TensorData>; // the values of all parameters
  const numbers = {
    clipLow: 0.7,
    clipHigh: 1.5,
    klCoefficient: 0.1,
    entropyCoefficient: 0.05,
    importanceCap: 1.2,
  };
  return {
    config,
    score: async (groups, rubbish = NO_RUBBISH) => {
      const { sizes, feeds } = feedsOf(groups, config, rubbish);
      const program = await session('score', () => scoreProgram(config, trainable));
      const { logprobs } = await program.run(sizes, { ...parameters, ...feeds });
      const all = Float32Array.from(logprobs ?? [], Number);
      return groups.map((g, n) =>
        g.samples.map((s, i) => {
          const start = (n * sizes.G + i) * sizes.L;
          return all.slice(start, start + s.ids.length);
        }),
      );
    },
    train: async (groups, rubbish = NO_RUBBISH) => {
      const { sizes, feeds } = feedsOf(groups, config, rubbish);
      const program = await session('train', () => trainProgram(config, trainable, loss));
      const out = await program.run(sizes, { ...parameters, ...feeds, ...lossInputs(loss, numbers) });
      const gradients = new Map<string, Float32Array[]>();
      const sums = new Map<string, number>();
      const blocks = trainable.kind === 'lora' ? groups.length : 1;
      for (const [name, data] of Object.entries(out)) {
        if (!name.startsWith('grad:')) {
          sums.set(name, Number(data[0]));
          continue;
        }
        const count = data.length / blocks;
        gradients.set(
          name.slice('grad:'.length),
          Array.from({ length: blocks }, (_, n) =>
            Float32Array.from(data.slice(n * count, (n + 1) * count), Number),
          ),
        );
      }
      return { sums, gradients };
    },
    close: async () => {
      await runner.close();
      for (const folder of folders) await rm(folder, { recursive: true });
    },
  };
}
