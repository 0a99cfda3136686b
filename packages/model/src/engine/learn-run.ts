import type { TensorData } from '@residency/tensor';
import { type Adapter, adapterInputs, trainableOf } from '../adapter.js';
import type { LearnHyperparameters } from '../engine-types.js';
import { inputsOf, type LossNumbers, type LossSpec, lossInputs, type TokenInput } from '../losses/index.js';
import { scoreProgram } from '../programs/score.js';
import { padRows } from './batch.js';
import {
  type ItemLayout,
  type LearnItem,
  type LearnSequence,
  layoutItems,
  packingOf,
  sequencesOf,
} from './learn-item.js';
import type { OpenModel } from './model.js';

/** What every run of a step shares. */
export interface LearnContext {
  readonly model: OpenModel;
  readonly adapter: Adapter;
  readonly loss: LossSpec;
  readonly numbers: Partial<LossNumbers>;
  readonly hyperparameters: LearnHyperparameters;
}

/** One packed run: some of a step's items, all of one packing, and the weight of the tokens of each of their sequences. */
export interface LearnRun {
  readonly items: readonly LearnItem[];
  readonly weights: readonly (readonly number[])[];
}

/** The sizes and feeds of a training run. */
export async function feedsOf(
  context: LearnContext,
  run: LearnRun,
): Promise<{ sizes: ItemLayout['sizes']; feeds: Record<string, TensorData> }> {
  const { model, adapter, loss, numbers, hyperparameters: h } = context;
  const layout = layoutItems(run.items, model.config);
  const { G, L } = layout.sizes;
  const sequences = run.items.map(sequencesOf);
  const matrix = (f: (s: LearnSequence, n: number, g: number) => ArrayLike<number>): Float32Array =>
    padRows(
      sequences.flatMap((own, n) =>
        Array.from({ length: G }, (_, g) => {
          const sequence = own[g];
          return sequence ? f(sequence, n, g) : [];
        }),
      ),
      L,
    );
  const packing = packingOf(run.items[0] ?? { trajectories: [] });
  const inverseTemperature = Float32Array.of(1 / h.temperature);
  const base = { ...layout.feeds, inverseTemperature };
  const score = async (policy: Adapter | null): Promise<Float32Array> => {
    const trainable = trainableOf(policy);
    const session = await model.session(`score:${packing}`, trainable, () =>
      scoreProgram(model.config, trainable, packing),
    );
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
    advantages: () => matrix((s) => s.advantages),
  };
  const feeds: Record<string, TensorData> = {
    ...base,
    ...adapterInputs(adapter),
    ...lossInputs(loss, numbers),
    mask: matrix((s) => new Float32Array(s.logprobs.length).fill(1)),
    weights: matrix((s, n, g) => new Float32Array(s.logprobs.length).fill(run.weights[n]?.[g] ?? 0)),
  };
  for (const name of inputsOf(loss).tokens) feeds[name] = await sources[name]();
  return { sizes: layout.sizes, feeds };
}
