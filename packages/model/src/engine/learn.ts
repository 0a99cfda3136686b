import type { Session } from '@residency/tensor';
import { type Adapter, decodeAdapter, encodeAdapter, initAdapter } from '../adapter.js';
import type {
  LearnGroup,
  LearnHyperparameters,
  LearnMetrics,
  LearnRequest,
  LearnResult,
  LoraOptions,
  PolicyState,
} from '../engine-types.js';
import { ModelError } from '../errors.js';
import { adamW, clipScale, decodeAdam, encodeAdam, GradientSum, initAdam } from '../optimizer.js';
import { scoreProgram } from '../programs/score.js';
import { trainProgram } from '../programs/train.js';
import { packGroup, padRows } from './batch.js';
import type { OpenModel } from './model.js';
import { adapterInputs, keyOf, trainableOf } from './sample.js';

/** Policy version 0 of a run: it samples exactly as the base model does. */
export function initState(model: OpenModel, options: LoraOptions): PolicyState {
  const adapter = initAdapter(model.config, options);
  return {
    adapter: encodeAdapter(adapter),
    optimizer: encodeAdam(adapter.tensors, initAdam(adapter.tensors)),
  };
}

/** Sums over the tokens of a step, in group order. */
interface StepSums {
  policyLoss: number;
  kl: number;
  clipped: number;
  logprob: number;
}

/**
 * One policy-gradient step: forward and backward of every group in order, gradients summed in double precision, clipped by
 * their global norm and applied by AdamW. A pure function of its request. The loss is the mean over all tokens of the step.
 * @throws ModelError `MODEL_REQUEST`, `MODEL_ADAPTER`
 */
export async function learnStep(model: OpenModel, request: LearnRequest): Promise<LearnResult> {
  const { state, groups, hyperparameters: h } = request;
  checkGroups(model, groups);
  checkHyperparameters(h);
  const adapter = decodeAdapter(state.adapter, model.config);
  const moments = decodeAdam(state.optimizer, adapter.tensors);
  const tokens = groups.reduce((n, g) => n + g.samples.reduce((m, s) => m + s.ids.length, 0), 0);
  if (tokens === 0) return { state, metrics: skipped('no_tokens') };

  const trainable = trainableOf(adapter);
  const train = await model.session(`train:${keyOf(trainable)}`, () =>
    trainProgram(model.config, trainable, 'policy'),
  );
  const gradients = new GradientSum(adapter.tensors);
  const sums: StepSums = { policyLoss: 0, kl: 0, clipped: 0, logprob: 0 };
  for (const group of groups) {
    if (group.samples.some((s) => s.ids.length > 0))
      await addGroup({ model, train, adapter, group, h, tokens, gradients, sums });
  }

  const gradNorm = gradients.norm();
  const metrics: LearnMetrics = {
    loss: (sums.policyLoss + h.klCoefficient * sums.kl) / tokens,
    policyLoss: sums.policyLoss / tokens,
    kl: sums.kl / tokens,
    // The mean surprise of the sampled tokens estimates the policy's entropy without another pass over the vocabulary.
    entropy: -sums.logprob / tokens,
    clipFraction: sums.clipped / tokens,
    gradNorm,
    tokens,
    skipped: null,
  };
  if (!Number.isFinite(gradNorm)) return { state, metrics: { ...metrics, skipped: 'non_finite_gradients' } };
  const next = adamW(adapter.tensors, gradients.sums, moments, clipScale(gradNorm, h.maxGradNorm), {
    learningRate: h.learningRate,
    beta1: h.adamBeta1,
    beta2: h.adamBeta2,
    epsilon: h.adamEpsilon,
    weightDecay: h.weightDecay,
  });
  const trained: Adapter = { ...adapter, tensors: next.parameters };
  return {
    state: { adapter: encodeAdapter(trained), optimizer: encodeAdam(trained.tensors, next.state) },
    metrics,
  };
}

interface GroupWork {
  readonly model: OpenModel;
  readonly train: Session;
  readonly adapter: Adapter;
  readonly group: LearnGroup;
  readonly h: LearnHyperparameters;
  readonly tokens: number;
  readonly gradients: GradientSum;
  readonly sums: StepSums;
}

async function addGroup({
  model,
  train,
  adapter,
  group,
  h,
  tokens,
  gradients,
  sums,
}: GroupWork): Promise<void> {
  const samples = group.samples.filter((s) => s.ids.length > 0);
  const packed = packGroup(
    group.promptIds,
    samples.map((s) => s.ids),
  );
  const { S } = packed.sizes;
  const inverseTemperature = Float32Array.of(1 / h.temperature);
  const old = padRows(
    samples.map((s) => s.logprobs),
    S,
  );
  const out = await train.run(packed.sizes, {
    ...adapterInputs(adapter),
    ids: packed.ids,
    inverseTemperature,
    mask: padRows(
      samples.map((s) => s.ids.map(() => 1)),
      S,
    ),
    oldLogprobs: old,
    referenceLogprobs:
      h.klCoefficient === 0 ? old : await referenceLogprobs(model, packed, inverseTemperature),
    advantages: padRows(
      samples.map((s) => s.ids.map(() => s.advantage)),
      S,
    ),
    ratioMin: Float32Array.of(1 - h.clipLow),
    ratioMax: Float32Array.of(1 + h.clipHigh),
    klCoefficient: Float32Array.of(h.klCoefficient),
    lossScale: Float32Array.of(1 / tokens),
  });
  const sum = (name: keyof StepSums): number => Number(out[name]?.[0] ?? Number.NaN);
  sums.policyLoss += sum('policyLoss');
  sums.kl += h.klCoefficient === 0 ? 0 : sum('kl');
  sums.clipped += sum('clipped');
  sums.logprob += sum('logprob');
  gradients.addOutputs(out);
}

/** Log-probabilities under the starting policy, which is the base model without an adapter. */
async function referenceLogprobs(
  model: OpenModel,
  packed: ReturnType<typeof packGroup>,
  inverseTemperature: Float32Array,
): Promise<Float32Array> {
  const score = await model.session('score:none', () => scoreProgram(model.config, { kind: 'none' }));
  const { logprobs } = await score.run(packed.sizes, { ids: packed.ids, inverseTemperature });
  if (!(logprobs instanceof Float32Array)) throw new TypeError('internal: the score program gives logprobs');
  return logprobs;
}

function checkHyperparameters(h: LearnHyperparameters): void {
  for (const [name, value] of Object.entries(h)) {
    if (!Number.isFinite(value) || value < 0)
      throw new ModelError('MODEL_REQUEST', `${name} is ${value}, want a number of at least 0`);
  }
  if (h.temperature === 0) throw new ModelError('MODEL_REQUEST', 'temperature is 0, want a number above 0');
}

function checkGroups({ config }: OpenModel, groups: readonly LearnGroup[]): void {
  groups.forEach((group, g) => {
    const bad = (what: string): ModelError => new ModelError('MODEL_REQUEST', `group ${g}: ${what}`);
    if (group.promptIds.length === 0) throw bad('want at least one prompt token');
    group.samples.forEach((s, i) => {
      if (s.ids.length !== s.logprobs.length)
        throw bad(`sample ${i} has ${s.ids.length} ids and ${s.logprobs.length} logprobs`);
      if (!s.logprobs.every(Number.isFinite))
        throw bad(`sample ${i} has a log-probability that is not finite`);
      if (!Number.isFinite(s.advantage)) throw bad(`sample ${i} has advantage ${s.advantage}`);
      const length = group.promptIds.length + s.ids.length;
      if (length > config.maxPositions)
        throw bad(`sample ${i} has ${length} tokens: the model has ${config.maxPositions} positions`);
      const foreign = [...group.promptIds, ...s.ids].find(
        (id) => !Number.isInteger(id) || id < 0 || id >= config.vocab,
      );
      if (foreign !== undefined) throw bad(`token id ${foreign}: want 0 to ${config.vocab - 1}`);
    });
  });
}

const skipped = (reason: string): LearnMetrics => ({
  loss: 0,
  policyLoss: 0,
  kl: 0,
  entropy: 0,
  clipFraction: 0,
  gradNorm: 0,
  tokens: 0,
  skipped: reason,
});
