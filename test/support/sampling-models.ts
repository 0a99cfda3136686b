import type { SampleRequest } from '@residency/model';
import { type OpenModel, openModel } from '../../packages/model/src/engine/model.js';
import { scoreProgram } from '../../packages/model/src/programs/score.js';
import { scoreGroup } from './run-model.js';
import { TINY_LLAMA, TINY_QWEN2, writeTinyModel } from './tiny-model.js';

/** Shapes whose widths fit no vector: each finds another way in which rows of a batch could meet. */
export const TINY_MODELS = {
  qwen2: TINY_QWEN2,
  'llama, 4 key heads': { ...TINY_LLAMA, intermediate_size: 16 },
  'qwen3, odd widths': {
    ...TINY_QWEN2,
    model_type: 'qwen3',
    hidden_size: 10,
    intermediate_size: 7,
    num_attention_heads: 3,
    num_key_value_heads: 1,
    head_dim: 6,
    num_hidden_layers: 3,
  },
} as const;
export type TinyName = keyof typeof TINY_MODELS;

/** Opens each of the models, at one thread; `close` removes them. */
export async function openTinyModels(): Promise<{
  modelOf(name: TinyName): OpenModel;
  close(): Promise<void>;
}> {
  const models = new Map<TinyName, OpenModel>();
  const removals: (() => Promise<void>)[] = [];
  for (const name of Object.keys(TINY_MODELS) as TinyName[]) {
    // the keys of the table
    const { dir, remove } = await writeTinyModel(TINY_MODELS[name]);
    const model = await openModel({ modelDir: dir, threads: 1 });
    models.set(name, model);
    removals.push(() => model.close(), remove);
  }
  return {
    modelOf: (name) => {
      const model = models.get(name);
      if (!model) throw new Error(`no model ${name}`);
      return model;
    },
    close: async () => {
      for (const remove of removals) await remove();
    },
  };
}

export const request: SampleRequest = {
  adapter: null,
  promptIds: [3, 1, 4, 1, 5],
  temperatures: [1, 1, 1, 1],
  maxNewTokens: 12,
  stopIds: [],
  key: { seed: 7, step: 3, prompt: 5 },
};

/** Log-probabilities of tokens behind a shared prefix, from the score program. */
export async function scoresOf(
  model: OpenModel,
  prefix: readonly number[],
  suffixes: readonly (readonly number[])[],
): Promise<number[][]> {
  const session = await model.session('score', { kind: 'none' }, () =>
    scoreProgram(model.config, { kind: 'none' }),
  );
  return await scoreGroup(session, model.config, prefix, suffixes);
}

/** Log-probabilities of every id after some tokens: a group of as many completions of one token. */
export async function distributionAfter(model: OpenModel, tokens: readonly number[]): Promise<number[]> {
  const all = Array.from({ length: model.config.vocab }, (_, id) => [id]);
  return (await scoresOf(model, tokens, all)).flat();
}
