import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { LearnGroup, PolicyState } from '@residency/model';
import { initLoraState, learnStep } from '../../../packages/model/src/engine/learn.js';
import { type OpenModel, openModel } from '../../../packages/model/src/engine/model.js';
import { sampleGroup } from '../../../packages/model/src/engine/sample.js';
import { MAX_ROWS } from './arithmetic.js';
import { type GroupShape, HYPERPARAMETERS, LORA, learnGroup, sampleRequest } from './requests.js';
import { rssMb } from './resident-memory.js';
import type { Reading, Session, SessionKind } from './workload.js';

/** Does one step of a session. */
type Step = (step: number) => Promise<void>;

const SESSIONS: { readonly [K in SessionKind]: (model: OpenModel, work: Session) => Step } = {
  learn: (model, work) => {
    let state: PolicyState = initLoraState(model, LORA);
    return async (step) => {
      const groups = [ragged(learnGroup(work, model.config.vocab), work, step)];
      ({ state } = await learnStep(model, { state, groups, hyperparameters: HYPERPARAMETERS }));
    };
  },
  sample: (model, work) => async (step) => {
    const { P, S, G } = work;
    const request = sampleRequest({ P, T: S, G }, model.config.vocab);
    const limits = request.temperatures.map((_, g) => lengthOf(work, step, g));
    await sampleGroup(model, { ...request, limits, key: { seed: 1, step, prompt: 0 } });
  },
};

/** Lengths from half of S to S, other ones in every step, as completions have. */
const lengthOf = ({ S }: GroupShape, step: number, sample: number): number =>
  S - ((step * 7 + sample * 3) % Math.ceil(S / 2));

const ragged = (group: LearnGroup, shape: GroupShape, step: number): LearnGroup => ({
  ...group,
  samples: group.samples.map((s, g) => {
    const length = lengthOf(shape, step, g);
    return { ...s, ids: s.ids.slice(0, length), logprobs: s.logprobs.slice(0, length) };
  }),
});

/** Collects garbage, so that a reading holds what is kept and not what waits to be freed. */
function garbageCollector(): () => void {
  setFlagsFromString('--expose_gc');
  return runInNewContext('gc') as () => void; // what the flag exposes
}

/** Resident memory of a session of the engine while it goes on. */
export async function watch(kind: SessionKind, work: Session): Promise<Reading[]> {
  const collect = garbageCollector();
  const model = await openModel({ modelDir: work.modelDir, threads: work.threads, maxRows: MAX_ROWS });
  try {
    const run = SESSIONS[kind](model, work);
    const readings: Reading[] = [];
    for (let step = 1; step <= work.steps; step++) {
      await run(step);
      if (step % work.every !== 0) continue;
      collect();
      readings.push({ step, rssMb: rssMb() });
    }
    return readings;
  } finally {
    await model.close();
  }
}
