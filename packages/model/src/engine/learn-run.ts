import type { Session, TensorData } from '@residency/tensor';
import { type Adapter, adapterInputs, trainableOf } from '../adapter.js';
import type { LearnHyperparameters } from '../engine-types.js';
import {
  inputsOf,
  type LossNumbers,
  type LossSpec,
  lossInputs,
  lossKey,
  type TokenInput,
} from '../losses/index.js';
import { type Packing, scoreProgram } from '../programs/score.js';
import { trainProgram } from '../programs/train.js';
import { padRows } from './batch.js';
import { type Candidate, fittingSession, type Job } from './fitting-session.js';
import {
  type ItemLayout,
  isTrajectories,
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
  /** What penalties and preferences keep to; null for the base model. */
  readonly reference: Adapter | null;
  readonly loss: LossSpec;
  readonly numbers: Partial<LossNumbers>;
  readonly hyperparameters: LearnHyperparameters;
  /** Of the whole step. */
  readonly groupCount: number;
}

/** One packed run: some of a step's items, all of one packing, and the weight of the tokens of each of their sequences. */
export interface LearnRun {
  readonly items: readonly LearnItem[];
  readonly weights: readonly (readonly number[])[];
}

/** All items of a run have one packing. */
const packingOfRun = (run: LearnRun): Packing => run.items.map(packingOf)[0] ?? 'groups';

/** The sizes of a run in words. */
function shapeOf(items: readonly LearnItem[], rows: number): string {
  const most = (values: readonly number[]): number => values.reduce((n, v) => Math.max(n, v), 0);
  const learned = most(items.flatMap(sequencesOf).map((sequence) => sequence.logprobs.length));
  const prompt = most(items.map((item) => (isTrajectories(item) ? 0 : item.promptIds.length)));
  return items.some(isTrajectories)
    ? `${rows} rows, trajectories with up to ${learned} tokens of the policy`
    : `${rows} rows, prompts of up to ${prompt} tokens, completions of up to ${learned}`;
}

/** A training run that fits into memory. */
export interface PreparedRun {
  readonly session: Session;
  readonly sizes: ItemLayout['sizes'];
  readonly feeds: Readonly<Record<string, TensorData>>;
}

/** Sums, updated parameters, moments and their encodings: bytes of the host for each trainable number. */
const HOST_BYTES = 8 + 4 + 8 + 12;

/**
 * Lays a run out, scores its tokens where the loss asks for it, and picks the program: one that keeps the layers' inner values,
 * or, for a single group that does not fit so, the one that computes them again.
 * @throws ModelError `MODEL_MEMORY` where neither fits
 */
export async function prepareRun(context: LearnContext, run: LearnRun): Promise<PreparedRun> {
  const { model, adapter, loss } = context;
  const layout = layoutItems(run.items, model.config);
  const trainable = trainableOf(adapter);
  const packing = packingOfRun(run);
  const candidate = (recomputes: boolean): Candidate => ({
    name: `train:${packing}:${lossKey(loss)}${recomputes ? ':recomputes' : ''}`,
    trainable,
    build: () => trainProgram(model.config, trainable, loss, { packing, recomputes }),
    ...(recomputes ? { how: 'inner values of layers computed again' } : {}),
  });
  const isSingle = run.items.length === 1;
  const choices = model.recomputes ? [true] : isSingle ? [false, true] : [false];
  // Scores come first: what their session holds counts when the training run is judged.
  const feeds = await feedsOf(context, run, layout);
  const session = await fittingSession(model, choices.map(candidate), jobOf(context, run, layout.sizes));
  return { session, sizes: layout.sizes, feeds };
}

function jobOf({ model, adapter }: LearnContext, run: LearnRun, sizes: ItemLayout['sizes']): Job {
  const { N, R, G } = sizes;
  const items = run.items;
  const numbers = adapter.tensors.reduce((n, t) => n + t.data.length, 0);
  return {
    sizes,
    hostBytes: HOST_BYTES * numbers,
    what: `learning from ${N} ${N === 1 ? 'group' : 'groups'} of ${G} ${items.some(isTrajectories) ? 'trajectories' : 'completions'}`,
    shape: `${shapeOf(items, N * R)}, ${model.config.layers} layers`,
    remedy: 'shorten the completions or prompts, sample smaller groups, or allow more memory',
    // Several groups that do not fit are learned one by one before anything is given back.
    releases: N === 1,
  };
}

/** The feeds of a training run. */
async function feedsOf(
  context: LearnContext,
  run: LearnRun,
  layout: ItemLayout,
): Promise<Record<string, TensorData>> {
  const { model, adapter, loss, numbers, hyperparameters: h } = context;
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
  const packing = packingOfRun(run);
  const inverseTemperature = Float32Array.of(1 / h.temperature);
  const base = { ...layout.feeds, inverseTemperature };
  const score = async (policy: Adapter | null): Promise<Float32Array> => {
    const trainable = trainableOf(policy);
    const program = {
      name: `score:${packing}`,
      trainable,
      build: () => scoreProgram(model.config, trainable, packing),
    };
    const job = { ...jobOf(context, run, layout.sizes), hostBytes: 0 };
    const session = await fittingSession(model, [program], job);
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
    referenceLogprobs: () => score(context.reference),
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
  for (const name of inputsOf(loss).pairs)
    feeds[name] = new Float32Array(layout.sizes.N).fill(1 / context.groupCount);
  return feeds;
}
