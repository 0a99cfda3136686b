import {
  CPU,
  compile,
  createLocalRunner,
  type Device,
  type Precision,
  type Program,
  type Session,
  type SessionRunner,
} from '@residency/tensor';
import { type Trainable, trainableKey } from '../binding.js';
import { type DecoderConfig, readConfig } from '../config.js';
import type { EngineOptions, ModelInfo } from '../engine-types.js';
import { ModelError } from '../errors.js';
import { readWeights } from '../read-weights.js';
import type { NamedTensor } from '../safetensors.js';
import { type ModelWeights, openWeights } from '../weights.js';
import { MemoryBudget } from './memory-budget.js';

/** Rows of a learning run where the options say nothing. */
const DEFAULT_MAX_ROWS = 2048;

/** Type of weights and products where the options say nothing. */
const PRECISIONS: Readonly<Record<Device['kind'], Precision>> = { cpu: 'f32', cuda: 'bf16' };

/** A model opened in this process: its weights located and its programs compiled once each. */
export interface OpenModel {
  readonly config: DecoderConfig;
  readonly info: ModelInfo;
  /** Rows that a learning run may have, and whether it computes inner values twice instead of keeping them. */
  readonly maxRows: number;
  readonly recomputes: boolean;
  /** What runs may take; null on a GPU, whose memory is not the host's. */
  readonly budget: MemoryBudget | null;
  /** The program of a name for a kind of adapter, traced at first use. */
  program(name: string, trainable: Trainable, build: () => Program): Program;
  /** The same compiled, at first use. */
  session(name: string, trainable: Trainable, build: () => Program): Promise<Session>;
  /** All base weights as f32, in the decoder's order. @throws ModelError `MODEL_REQUEST` where they are held in 16 bits */
  readWeights(): Promise<NamedTensor[]>;
  /** Closes all sessions: what they hold for their next runs is given back. */
  releaseSessions(): Promise<void>;
  close(): Promise<void>;
}

/** @throws ModelError `MODEL_FILE`, `MODEL_CONFIG`, `MODEL_WEIGHT` */
export async function openModel(options: EngineOptions): Promise<OpenModel> {
  const { modelDir, threads, cacheDir, device = CPU } = options;
  const config = await readConfig(modelDir);
  const precision = options.precision ?? PRECISIONS[device.kind];
  if (device.kind === 'cpu' && precision !== 'f32')
    throw new ModelError(
      'MODEL_REQUEST',
      `precision is ${precision}, want f32: the processor has no other products`,
    );
  const weights: ModelWeights = await openWeights(modelDir, config, { cacheDir, precision });
  const runner: SessionRunner = createLocalRunner();
  const programs = new Map<string, Program>();
  const sessions = new Map<string, Promise<Session>>();
  const program = (name: string, trainable: Trainable, build: () => Program): Program => {
    const key = `${name}/${trainableKey(trainable)}`;
    const known = programs.get(key) ?? build();
    programs.set(key, known);
    return known;
  };
  const budget = device.kind === 'cpu' ? new MemoryBudget(options.memoryLimitBytes ?? null) : null;
  return {
    config,
    info: {
      dir: modelDir,
      sha256: weights.sha256,
      vocabSize: config.vocab,
      maxPositions: config.maxPositions,
    },
    maxRows: options.maxRows ?? DEFAULT_MAX_ROWS,
    recomputes: options.recomputes ?? false,
    budget,
    program,
    session: (name, trainable, build) => {
      const key = `${name}/${trainableKey(trainable)}`;
      const session =
        sessions.get(key) ??
        compile(program(name, trainable, build), {
          runner,
          threads,
          device,
          precision,
          weights: weights.files,
        });
      sessions.set(key, session);
      session.catch(() => sessions.delete(key));
      return session;
    },
    readWeights: () => readWeights(weights.files, config),
    releaseSessions: async () => {
      const open = [...sessions.values()];
      sessions.clear();
      budget?.released();
      for (const session of open) await (await session).close();
    },
    close: () => runner.close(),
  };
}
