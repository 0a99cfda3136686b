import {
  CPU,
  compile,
  createLocalRunner,
  type Program,
  type Session,
  type SessionRunner,
} from '@residency/tensor';
import { type DecoderConfig, readConfig } from '../config.js';
import type { EngineOptions, ModelInfo } from '../engine-types.js';
import { type ModelWeights, openWeights } from '../weights.js';

/** A model opened in this process: its weights located and its programs compiled once each. */
export interface OpenModel {
  readonly config: DecoderConfig;
  readonly info: ModelInfo;
  /** The compiled program of a key, built at first use. */
  session(key: string, build: () => Program): Promise<Session>;
  close(): Promise<void>;
}

/** @throws ModelError `MODEL_FILE`, `MODEL_CONFIG`, `MODEL_WEIGHT` */
export async function openModel({ modelDir, threads, device = CPU }: EngineOptions): Promise<OpenModel> {
  const config = await readConfig(modelDir);
  const weights: ModelWeights = await openWeights(modelDir, config);
  const runner: SessionRunner = createLocalRunner();
  const sessions = new Map<string, Promise<Session>>();
  return {
    config,
    info: {
      dir: modelDir,
      sha256: weights.sha256,
      vocabSize: config.vocab,
      maxPositions: config.maxPositions,
    },
    session: (key, build) => {
      const session =
        sessions.get(key) ?? compile(build(), { runner, threads, device, weights: weights.files });
      sessions.set(key, session);
      session.catch(() => sessions.delete(key));
      return session;
    },
    close: () => runner.close(),
  };
}
