import type { Session, TensorData } from '@residency/tensor';
import { type Adapter, adapterInputs, trainableOf } from '../adapter.js';
import type { LearnGroup, LearnHyperparameters, LearnSample } from '../engine-types.js';
import { type GroupLayout, layoutGroups } from '../layout/group.js';
import type { TokenGroup } from '../layout/group-rows.js';
import {
  inputsOf,
  type LossNumbers,
  type LossSpec,
  lossInputs,
  lossKey,
  type TokenInput,
} from '../losses/index.js';
import { scoreProgram } from '../programs/score.js';
import { trainProgram } from '../programs/train.js';
import { padRows } from './batch.js';
import { type Candidate, fittingSession, type Job } from './fitting-session.js';
import type { OpenModel } from './model.js';

/** What every run of a step shares. */
export interface LearnContext {
  readonly model: OpenModel;
  readonly adapter: Adapter;
  readonly loss: LossSpec;
  readonly numbers: Partial<LossNumbers>;
  readonly hyperparameters: LearnHyperparameters;
}

/**
 * One packed run: some of a step's groups, and the aggregation weight of the tokens of each of their samples.
 */
export interface LearnRun {
  readonly groups: readonly LearnGroup[];
  readonly weights: readonly (readonly number[])[];
}

export const toTokenGroup = (g: LearnGroup): TokenGroup => ({
  prefix: g.promptIds,
  suffixes: g.samples.map((s) => s.ids),
});

/** A training run that fits into memory. */
export interface PreparedRun {
  readonly session: Session;
  readonly sizes: GroupLayout['sizes'];
  readonly feeds: Readonly<Record<string, TensorData>>;
}

/** Sums, updated parameters, moments and their encodings: bytes of the host for each trainable number. */
const HOST_BYTES = 8 + 4 + 8 + 12;

/**
 * Lays a run out, scores its tokens where the loss asks for it, and picks the program: one that keeps the
 * layers' inner values, or, for a single group that does not fit so, the one that computes them again.
 * @throws ModelError `MODEL_MEMORY` where neither fits
 */
export async function prepareRun(context: LearnContext, run: LearnRun): Promise<PreparedRun> {
  const { model, adapter, loss } = context;
  const layout = layoutGroups(run.groups.map(toTokenGroup), model.config);
  const trainable = trainableOf(adapter);
  const candidate = (recomputes: boolean): Candidate => ({
    name: `train:${lossKey(loss)}${recomputes ? ':recomputes' : ''}`,
    trainable,
    build: () => trainProgram(model.config, trainable, loss, { recomputes }),
    ...(recomputes ? { how: 'inner values of layers computed again' } : {}),
  });
  const isSingle = run.groups.length === 1;
  const choices = model.recomputes ? [true] : isSingle ? [false, true] : [false];
  // Scores come first: what their session holds counts when the training run is judged.
  const feeds = await feedsOf(context, run, layout);
  const session = await fittingSession(model, choices.map(candidate), jobOf(context, run, layout.sizes));
  return { session, sizes: layout.sizes, feeds };
}

function jobOf({ model, adapter }: LearnContext, run: LearnRun, sizes: GroupLayout['sizes']): Job {
  const { N, R, G, L } = sizes;
  const prompt = run.groups.reduce((n, g) => Math.max(n, g.promptIds.length), 0);
  const numbers = adapter.tensors.reduce((n, t) => n + t.data.length, 0);
  return {
    sizes,
    hostBytes: HOST_BYTES * numbers,
    what: `learning from ${N} ${N === 1 ? 'group' : 'groups'} of ${G} completions`,
    shape:
      `${N * R} rows, prompts of up to ${prompt} tokens, completions of up to ${L}, ` +
      `${model.config.layers} layers`,
    remedy: 'shorten the completions or prompts, sample smaller groups, or allow more memory',
    // Several groups that do not fit are learned one by one before anything is given back.
    releases: N === 1,
  };
}

/** The feeds of a training run. */
async function feedsOf(
  context: LearnContext,
  run: LearnRun,
  layout: GroupLayout,
): Promise<Record<string, TensorData>> {
  const { model, adapter, loss, numbers, hyperparameters: h } = context;
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
    const program = { name: 'score', trainable, build: () => scoreProgram(model.config, trainable) };
    const job = { ...jobOf(context, run, layout.sizes), hostBytes: 0 };
    const session = await fittingSession(model, [program], job);
    const { logprobs } = await session.run(layout.sizes, { ...base, ...adapterInputs(policy) });
    if (!(logprobs instanceof Float32Array))
      throw new TypeError('internal: the score program gives logprobs');
    return logprobs;
  };
  const recorded = matrix((s) => s.logprobs);
  const isCorrected = loss.kind === 'policy' && loss.correction !== null;
  const sources: { readonly [I in TokenInput]: () => Promise<Float32Array> | Float32Array } = {
    // With importance weights the old policy is the one that the step starts from, and the sampler an older
    // one.
    oldLogprobs: () => (isCorrected ? score(adapter) : recorded),
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
  return feeds;
}
