import type { LearnGroup } from '@residency/model';
import { type Adapter, initAdapter } from '../../../packages/model/src/adapter.js';
import { initLoraState, learnStep } from '../../../packages/model/src/engine/learn.js';
import { plannedOf } from '../../../packages/model/src/engine/learn-item.js';
import { prepareRun } from '../../../packages/model/src/engine/learn-run.js';
import { type OpenModel, openModel } from '../../../packages/model/src/engine/model.js';
import { planRuns } from '../../../packages/model/src/engine/plan-runs.js';
import { sampleGroup } from '../../../packages/model/src/engine/sample.js';
import { randomNumbers } from '../../support/numbers.js';
import { MAX_ROWS, POLICY_LOSS } from './arithmetic.js';
import { matmulRate } from './matmul-rate.js';
import { HYPERPARAMETERS, LORA, learnGroup, repeatedPrompt, sampleRequest } from './requests.js';
import { peakRssMb } from './resident-memory.js';
import type { Timed, TimedKind, TimedWork } from './workload.js';

/** One run of the work, on an open model. */
type Run = () => Promise<unknown>;

const PREPARE: { readonly [K in TimedKind]: (model: OpenModel, work: TimedWork[K]) => Promise<Run> } = {
  gradients: async (model, work) => {
    const group = learnGroup(work, model.config.vocab);
    const groups = work.isRepeated ? repeatedPrompt(group) : [group];
    const adapter = randomAdapter(model);
    return () => gradients(model, adapter, groups);
  },
  step: async (model, work) => {
    const groups = [learnGroup(work, model.config.vocab)];
    let state = initLoraState(model, LORA);
    return async () => {
      ({ state } = await learnStep(model, { state, groups, hyperparameters: HYPERPARAMETERS }));
    };
  },
  sample: async (model, work) => {
    const request = sampleRequest(work, model.config.vocab);
    return async () => {
      const samples = await sampleGroup(model, request);
      const tokens = samples.reduce((n, s) => n + s.ids.length, 0);
      if (tokens !== work.G * work.T)
        throw new Error(`${tokens} tokens were sampled, want ${work.G * work.T}`);
    };
  },
};

/**
 * Both factors random: the products of a fresh adapter, whose B is zero, cost the same, but its gradients are
 * half zeros.
 */
function randomAdapter(model: OpenModel): Adapter {
  const { tensors, ...rest } = initAdapter(model.config, LORA);
  return {
    ...rest,
    tensors: tensors.map((t, k) => ({
      ...t,
      data: Float32Array.from(randomNumbers(t.data.length, k + 1), (v) => v * 0.035),
    })),
  };
}

/**
 * Layout, forward and backward of groups by the program that a step of the learner runs, in the runs that it
 * cuts.
 */
async function gradients(model: OpenModel, adapter: Adapter, groups: readonly LearnGroup[]): Promise<void> {
  const { clipLow, clipHigh } = HYPERPARAMETERS;
  const numbers = { clipLow, clipHigh };
  const context = {
    model,
    adapter,
    reference: null,
    loss: POLICY_LOSS,
    numbers,
    hyperparameters: HYPERPARAMETERS,
    groupCount: groups.length,
  };
  const tokens = groups.reduce((n, g) => n + g.samples.reduce((m, s) => m + s.ids.length, 0), 0);
  for (const indices of planRuns(groups.map(plannedOf), model.maxRows)) {
    const packed = indices.flatMap((i) => groups.slice(i, i + 1));
    const weights = packed.map((g) => g.samples.map(() => 1 / tokens));
    const { session, sizes, feeds } = await prepareRun(context, { items: packed, weights });
    const { loss } = await session.run(sizes, feeds);
    if (!Number.isFinite(Number(loss?.[0]))) throw new Error(`the loss is ${loss?.[0]}`);
  }
}

/** Runs the work as often as it says. */
export async function time<K extends TimedKind>(kind: K, work: TimedWork[K]): Promise<Timed> {
  const { modelDir, threads, warmups, runs } = work;
  const recomputes = 'recomputes' in work && work.recomputes;
  const model = await openModel({ modelDir, threads, maxRows: MAX_ROWS, recomputes });
  try {
    const run = await PREPARE[kind](model, work);
    for (let i = 0; i < warmups; i++) await run();
    const times: number[] = [];
    for (let i = 0; i < runs; i++) {
      const start = performance.now();
      await run();
      times.push(performance.now() - start);
    }
    // Before anything else is computed, which is not the work's.
    const peak = peakRssMb();
    return { times, peakRssMb: peak, rate: work.measuresRate ? await matmulRate(threads) : null };
  } finally {
    await model.close();
  }
}
