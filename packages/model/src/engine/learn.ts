import { type Aggregation, type Objective, tokenWeights } from '@residency/algorithms';
import type { TensorData } from '@residency/tensor';
import { type Adapter, decodeAdapter, encodeAdapter, initAdapter } from '../adapter.js';
import type {
  LearnHyperparameters,
  LearnMetrics,
  LearnRequest,
  LearnResult,
  LoraOptions,
  PolicyState,
  StateOptions,
  TrainedPart,
} from '../engine-types.js';
import { ModelError } from '../errors.js';
import { LOSS_SUMS, type LossNumbers, type LossSpec, type LossSum } from '../losses/index.js';
import {
  applyUpdate,
  constantSchedule,
  decodeAdam,
  encodeAdam,
  GradientSum,
  initAdam,
  type Update,
} from '../optimizer.js';
import { checkGroups, checkHyperparameters, checkPairs } from './check-learn.js';
import { type LearnItem, plannedOf, sequencesOf, tokenCounts } from './learn-item.js';
import { type LearnContext, prepareRun } from './learn-run.js';
import type { OpenModel } from './model.js';
import { planRuns } from './plan-runs.js';

/**
 * Policy version 0 of a run: it samples exactly as the base model does, or as what it begins with.
 * @throws ModelError `MODEL_ADAPTER` for an adapter of another model, kind, rank or alpha
 */
export async function initState(model: OpenModel, options: StateOptions): Promise<PolicyState> {
  return stateOf(
    options.from === undefined ? await FRESH[partOf(options)](model, options) : given(model, options),
  );
}

/** Version 0 of a run that trains an adapter and begins as the base model. */
export const initLoraState = (model: OpenModel, options: LoraOptions): PolicyState =>
  stateOf(initAdapter(model.config, options));

const stateOf = (adapter: Adapter): PolicyState => ({
  adapter: encodeAdapter(adapter),
  optimizer: encodeAdam(adapter.tensors, initAdam(adapter.tensors)),
});

const partOf = ({ trains = 'lora' }: StateOptions): TrainedPart => trains;

const FRESH: { readonly [P in TrainedPart]: (model: OpenModel, options: StateOptions) => Promise<Adapter> } =
  {
    lora: async (model, options) => initAdapter(model.config, options),
    full: async (model) => ({ kind: 'full', tensors: await model.readWeights() }),
  };

const shapeOf = (adapter: Adapter | StateOptions): string =>
  ('kind' in adapter ? adapter.kind : partOf(adapter)) === 'full' || !('rank' in adapter)
    ? 'all weights'
    : `an adapter of rank ${adapter.rank} and alpha ${adapter.alpha}`;

function given(model: OpenModel, options: StateOptions): Adapter {
  const adapter = decodeAdapter(options.from ?? new Uint8Array(), model.config);
  const [found, wanted] = [shapeOf(adapter), shapeOf(options)];
  if (found === wanted) return adapter;
  throw new ModelError('MODEL_ADAPTER', `what the run begins with is ${found}, want ${wanted}`);
}

/** Sums that a loss reported, added over the runs of a step. */
type StepSums = Partial<Record<LossSum, number>>;

/**
 * One step: forward and backward of all groups, several short ones in one run; each group's
 * gradient added in the order of the groups in double precision, clipped by the global norm and applied by
 * AdamW. A pure function of its request: how the groups were packed does not reach the result, and where
 * memory is short they are packed less.
 * @throws ModelError `MODEL_REQUEST`, `MODEL_ADAPTER`; `MODEL_MEMORY` where a single group cannot fit
 */
export async function learnStep(model: OpenModel, request: LearnRequest): Promise<LearnResult> {
  const { state, groups, hyperparameters: h } = request;
  checkGroups(model, groups);
  checkHyperparameters(h);
  if (h.objective === 'dpo') checkPairs(groups);
  const adapter = decodeAdapter(state.adapter, model.config);
  const moments = decodeAdam(state.optimizer, adapter.tensors);
  const tokens = groups.flatMap(sequencesOf).reduce((n, s) => n + s.logprobs.length, 0);
  const gradients = new GradientSum(adapter.tensors);
  const loss = lossOf(h);
  const sums =
    tokens === 0
      ? {}
      : await addGroups(
          {
            model,
            adapter,
            reference: request.reference ? decodeAdapter(request.reference, model.config) : null,
            loss,
            numbers: numbersOf(h),
            hyperparameters: h,
            groupCount: groups.length,
          },
          groups,
          gradients,
        );
  const update = applyUpdate({
    parameters: adapter.tensors,
    moments,
    gradients,
    tokens,
    schedule: constantSchedule(h.learningRate),
    step: 0,
    adam: { beta1: h.adamBeta1, beta2: h.adamBeta2, epsilon: h.adamEpsilon, weightDecay: h.weightDecay },
    maxGradNorm: h.maxGradNorm,
  });
  const counts = groups.map(tokenCounts);
  const metrics: LearnMetrics = {
    ...metricsOf(sums, { tokens, pairs: h.objective === 'dpo' ? groups.length : 0 }, update),
    sequenceTokens: counts.reduce((n, c) => n + c.separate, 0),
    computedTokens: counts.reduce((n, c) => n + c.computed, 0),
  };
  if (update.skipped !== null) return { state, metrics };
  const trained: Adapter = { ...adapter, tensors: update.parameters };
  return {
    state: { adapter: encodeAdapter(trained), optimizer: encodeAdam(trained.tensors, update.moments) },
    metrics,
  };
}

async function addGroups(
  context: LearnContext,
  groups: readonly LearnItem[],
  gradients: GradientSum,
): Promise<StepSums> {
  const weights = weightsOf(groups, context.hyperparameters);
  const sums: StepSums = {};
  const addRun = async (indices: readonly number[]): Promise<void> => {
    const run = {
      items: indices.flatMap((i) => groups.slice(i, i + 1)),
      weights: indices.flatMap((i) => weights.slice(i, i + 1)),
    };
    const prepared = await prepareRun(context, run).catch((error: unknown) => {
      const isTooLarge = error instanceof ModelError && error.code === 'MODEL_MEMORY';
      if (isTooLarge && indices.length > 1) return null;
      throw error;
    });
    if (prepared === null) {
      for (const index of indices) await addRun([index]);
      return;
    }
    const out = await prepared.session.run(prepared.sizes, prepared.feeds);
    gradients.addGroups(out, indices);
    addSums(sums, out);
  };
  // Gradients of all weights come as one sum of a run: a run of one group is what has a fixed order.
  const maxRows = context.adapter.kind === 'full' ? 0 : context.model.maxRows;
  for (const indices of planRuns(groups.map(plannedOf), maxRows)) await addRun(indices);
  return sums;
}

function addSums(sums: StepSums, out: Readonly<Record<string, TensorData>>): void {
  for (const name of Object.keys(LOSS_SUMS) as LossSum[]) {
    // the keys of the table
    const value = out[name]?.[0];
    if (value !== undefined) sums[name] = (sums[name] ?? 0) + Number(value);
  }
}

/** Aggregation weight of the tokens of each sequence of each group. */
function weightsOf(groups: readonly LearnItem[], h: LearnHyperparameters): number[][] {
  const lengths = groups.map((g) => sequencesOf(g).map((s) => s.logprobs.length));
  const aggregation: Aggregation = h.aggregation ?? 'token-mean';
  const all = tokenWeights({
    aggregation,
    lengths: lengths.flat(),
    ...(h.fixedLength === undefined ? {} : { fixedLength: h.fixedLength }),
  });
  let next = 0;
  return lengths.map((own) => {
    next += own.length;
    return all.slice(next - own.length, next);
  });
}

/** The static choices of the loss; what is weighed 0 is left out of the program. */
const LOSS_OF: { readonly [O in Objective]: (h: LearnHyperparameters) => LossSpec } = {
  policy: (h) => ({
    kind: 'policy',
    estimator: h.estimator ?? 'ppo',
    kl: h.klCoefficient === 0 ? null : (h.klEstimator ?? 'k3'),
    entropy: (h.entropyCoefficient ?? 0) > 0,
    correction: h.importance ?? null,
  }),
  supervised: () => ({ kind: 'supervised' }),
  dpo: () => ({ kind: 'dpo' }),
};
const lossOf = (h: LearnHyperparameters): LossSpec => LOSS_OF[h.objective ?? 'policy'](h);

const numbersOf = (h: LearnHyperparameters): Partial<LossNumbers> => ({
  clipLow: h.clipLow,
  clipHigh: h.clipHigh,
  klCoefficient: h.klCoefficient,
  entropyCoefficient: h.entropyCoefficient ?? 0,
  dualClip: h.dualClip ?? 3,
  importanceCap: h.importanceCap ?? 2,
  dpoBeta: h.dpoBeta ?? 0.1,
  labelSmoothing: h.labelSmoothing ?? 0,
});

function metricsOf(
  sums: StepSums,
  { tokens, pairs }: { readonly tokens: number; readonly pairs: number },
  { metrics, skipped }: Update,
): Omit<LearnMetrics, 'sequenceTokens' | 'computedTokens'> {
  const perToken = (...names: LossSum[]): number =>
    tokens === 0 ? 0 : names.reduce((n, name) => n + (sums[name] ?? 0), 0) / tokens;
  return {
    loss: sums.loss ?? 0,
    policyLoss: sums.policyLoss ?? 0,
    kl: perToken('kl'),
    // The mean surprise of the sampled tokens estimates the policy's entropy without another pass over the
    // vocabulary.
    entropy: sums.entropy === undefined ? 0 - perToken('logprob') : perToken('entropy'),
    clipFraction: perToken('clippedLow', 'clippedHigh', 'clippedDual'),
    clipFractionLow: perToken('clippedLow'),
    clipFractionHigh: perToken('clippedHigh'),
    ratio: perToken('ratio'),
    oldKl: perToken('oldKlK3'),
    importanceMean: sums.importance === undefined ? 1 : perToken('importance'),
    importanceTruncated: perToken('truncated'),
    ...metrics,
    tokens,
    skipped,
    preference:
      pairs === 0 ? null : { accuracy: (sums.accuracy ?? 0) / pairs, margin: (sums.margin ?? 0) / pairs },
  };
}
