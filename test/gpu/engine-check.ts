import {
  decodeAdapter,
  type Engine,
  type LearnHyperparameters,
  openEngine,
  type Sample,
} from '@residency/model';
import { CPU, type Device, type Precision, showDevice } from '@residency/tensor';
import { type CheckOptions, DEADLINE, messageOf } from './checks.js';
import { equalShare, relativeDifference, TOLERANCES } from './difference.js';
import type { GroupShape } from './programs.js';
import { testedKey } from './record.js';

const HYPERPARAMETERS: LearnHyperparameters = {
  learningRate: 1e-3,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.05,
  temperature: 1,
};

interface EngineRun {
  readonly sampled: readonly Sample[];
  readonly ids: readonly number[];
  readonly loss: number;
  readonly gradNorm: number;
  readonly adapter: Uint8Array;
}

/**
 * One turn of the whole engine: a first adapter, greedy samples, one step, greedy samples after it.
 * @param given what the step learns from: its own samples where there is nothing
 */
async function engineRun(
  engine: Engine,
  { G, P, S }: GroupShape,
  given: readonly Sample[] | null,
): Promise<EngineRun> {
  const promptIds = Array.from({ length: P }, (_, i) => (7 * i + 3) % engine.model.vocabSize);
  const request = {
    promptIds,
    temperatures: new Array<number>(G).fill(0),
    maxNewTokens: S,
    stopIds: [],
    key: { seed: 1, step: 0, prompt: 0 },
  };
  const state = await engine.initState({ seed: 1, rank: 8, alpha: 16 }, DEADLINE);
  const first = { sha256: 'first', bytes: state.adapter };
  const sampled = await engine.sample({ ...request, adapter: first }, DEADLINE);
  const samples = (given ?? sampled).map(({ ids, logprobs }, g) => ({
    ids,
    logprobs,
    advantage: g % 2 === 0 ? 1 : -0.5,
  }));
  const learned = await engine.learn(
    { state, groups: [{ promptIds, samples }], hyperparameters: HYPERPARAMETERS },
    DEADLINE,
  );
  const adapter = { sha256: 'second', bytes: learned.state.adapter };
  const after = await engine.sample({ ...request, adapter }, DEADLINE);
  return {
    sampled,
    ids: [...sampled, ...after].flatMap(({ ids }) => ids),
    loss: learned.metrics.loss,
    gradNorm: learned.metrics.gradNorm,
    adapter: learned.state.adapter,
  };
}

/**
 * The engine of the services on both devices: samples at temperature 0, a step on the processor's samples, and samples of
 * the next version.
 */
export async function checkEngine(options: CheckOptions): Promise<void> {
  const { device, precision, model, modelDir, cacheDir, threads, shape, records } = options;
  const run = async (on: Device, as: Precision, given: readonly Sample[] | null): Promise<EngineRun> => {
    const engine = await openEngine({ modelDir, cacheDir, threads, device: on, precision: as });
    try {
      return await engineRun(engine, shape, given);
    } finally {
      await engine.close();
    }
  };
  const config = { ...shape, dtype: precision };
  try {
    const theirs = await run(CPU, 'f32', null);
    const ours = await run(device, precision, theirs.sampled);
    const { measure, limit } = TOLERANCES[precision](model.config.layers);
    const summary = ({ ids, loss, gradNorm }: EngineRun): Record<string, unknown> => ({
      loss,
      gradNorm,
      ids: ids.slice(0, 8),
    });
    const values = (bytes: Uint8Array): number[] =>
      decodeAdapter(bytes, model.config).tensors.flatMap(({ data }) => [...data]);
    const difference = {
      loss: relativeDifference([ours.loss], [theirs.loss]),
      gradNorm: relativeDifference([ours.gradNorm], [theirs.gradNorm]),
      // Adam divides by the gradient's own size: where that is noise, a step may point the other way. Told, not judged.
      adapter: relativeDifference(values(ours.adapter), values(theirs.adapter)),
      idsEqual: equalShare(ours.ids, theirs.ids),
    };
    records.add({
      check: 'engine',
      config,
      [testedKey(showDevice(device))]: summary(ours),
      cpu: summary(theirs),
      difference: { ...difference, tolerance: limit },
      ok:
        (measure === 'norm' || difference.idsEqual === 1) &&
        Math.max(difference.loss, difference.gradNorm) <= limit,
    });
  } catch (error) {
    records.add({ check: 'engine', config, difference: { error: messageOf(error) }, ok: false });
  }
}
