import type { TensorData } from '@residency/tensor';
import { type Adapter, adapterInputs, trainableOf } from '../adapter.js';
import type { LearnGroup, LearnHyperparameters, LearnSample } from '../engine-types.js';
import { type GroupLayout, layoutGroups } from '../layout/group.js';
import type { TokenGroup } from '../layout/group-rows.js';
import { inputsOf, type LossNumbers, type LossSpec, lossInputs, type TokenInput } from '../losses/index.js';
import { scoreProgram } from '../programs/score.js';
import { padRows } from './batch.js';
import type { OpenModel } from './model.js';

/** What every run of a step shares. */
export interface LearnContext {
  readonly model: OpenModel;
  readonly adapter: Adapter;
  readonly loss: LossSpec;
  readonly numbers: Partial<LossNumbers>;
  readonly hyperparameters: LearnHyperparameters;
}

/** One packed run: some of a step's groups, and the aggregation weight of the tokens of each of their samples. */
export interface LearnRun {
  readonly groups: readonly LearnGroup[];
  readonly weights: readonly (readonly number[])[];
}

export const toTokenGroup = (g: LearnGroup): TokenGroup => ({
  prefix: g.promptIds,
  suffixes: g.samples.map((s) => s.ids),
});

/** The sizes and feeds of a training run. */
export async function feedsOf(
  context: LearnContext,
  run: LearnRun,
): Promise<{ sizes: GroupLayout['sizes']; feeds: Record<string, TensorData> }> {
  const { model, adapter, loss, numbers, hyperparameters: h } = context;
  const layout = layoutGroups(run.groups.map(toTokenGroup), model.config);
  const { G, L } = layout.sizes;
  const matrix = (f: (s: LearnSample, n: number, g: number) => ArrayLike<number>): Float32Array =>
    padRows(
      run.groups.flatMap((group, n) =>
        Array.from({ length: G }, (_, g) => {
          const sample = group.samples[g];
          return sample ? f(sample, n, g) : [];
        }),
      ),
      L,
    );
  const inverseTemperature = Float32Array.of(1 / h.temperature);
  const base = { ...layout.feeds, inverseTemperature };
  const score = async (policy: Adapter | null): Promise<Float32Array> => {
    const trainable = trainableOf(policy);
    const session = await model.session('score', trainable, () => scoreProgram(model.config, trainable));
    const { logprobs } = await session.run(layout.sizes, { ...base, ...adapterInputs(policy) });
    if (!(logprobs instanceof Float32Array))
      throw new TypeError('internal: the score program gives logprobs');
    return logprobs;
  };
  const recorded = matrix((s) => s.logprobs);
  const isCorrected = loss.kind === 'policy' && loss.correction !== null;
  const isScored = isCorrected || h.oldLogprobs === 'scored';
  const sources: { readonly [I in TokenInput]: () => Promise<Float32Array> | Float32Array } = {
    // With importance weights the old policy is the one that the step starts from, and the sampler an older one.
    oldLogprobs: () => (isScored ? score(adapter) : recorded),
    samplerLogprobs: () => recorded,
    // The starting policy is the base model without an adapter.
    referenceLogprobs: () => score(null),
    advantages: () => matrix((s) => new Float32Array(s.ids.length).fill(s.advantage)),
  };
  const feeds: Record<string, TensorData> = {
    ...base,
    ...adapterInputs(adapter),
    ...lossInputs(loss, numbers),
    mask: matrix((s) => new Float32Array(s.ids.length).fill(1)),
    weights: matrix((s, n, g) => new Float32Array(s.ids.length).fill(run.weights[n]?.[g] ?? 0)),
  };
  for (const name of inputsOf(loss).tokens) feeds[name] = await sources[name]();
  return { sizes: layout.sizes, feeds };
}
