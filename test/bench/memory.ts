/**
 * Largest resident memory of forward and backward of one group, by layers (values kept, or computed again),
 * prompt, completion and group size; and the memory of long sessions, which must not grow.
 * `npm run bench -- memory [layers|P|S|G|leak ...] [--peers] [--P n] [--steps n] ...` prints one line of JSON
 * each.
 */
import { DEFAULT_MODEL, MODEL_SIZES, type ModelShape, randomModel } from './support/bench-model.js';
import { compareGradients, type LearnerCase, pytorchSide } from './support/learner-sides.js';
import { measure } from './support/measure.js';
import { optionsOf, withGiven } from './support/options.js';
import { findPeer } from './support/peers.js';
import { report, rounded } from './support/report.js';
import { DEFAULT_GROUP, LORA } from './support/requests.js';
import { slope } from './support/statistics.js';
import type { SessionKind } from './support/workload.js';

const CONFIGS = ['layers', 'P', 'S', 'G', 'leak'] as const;
const SIZES = [...MODEL_SIZES, 'P', 'S', 'G', 'steps', 'every'] as const;
const options = optionsOf({ name: 'memory', configs: CONFIGS, sizes: SIZES });
const { sizes: given, runs, threads } = options;

const base: LearnerCase = {
  model: withGiven(DEFAULT_MODEL, given),
  group: withGiven(DEFAULT_GROUP, given),
  recomputes: false,
};
const peer = options.peers && options.configs.some((c) => c !== 'leak') ? findPeer('learner_torch') : null;

async function point(name: string, work: LearnerCase): Promise<void> {
  // The peer keeps its values: nothing of it is like computing them again.
  const other = peer && !work.recomputes ? pytorchSide(peer, 'shared', work, options) : null;
  const { model, group, recomputes } = work;
  const config = { name, ...model, ...group, recomputes, rank: LORA.rank, threads, runs };
  report({ bench: 'memory', config, ...(await compareGradients(work, other, options)) });
}

async function layers(): Promise<void> {
  for (const L of [2, 4, 8, 16]) {
    for (const recomputes of [false, true])
      await point('layers', { ...base, model: { ...base.model, L }, recomputes });
  }
}

const sweep = (name: 'P' | 'S' | 'G', values: readonly number[]) => async (): Promise<void> => {
  for (const value of values) await point(name, { ...base, group: { ...base.group, [name]: value } });
};

/** Steps whose memory is left out of the slope: until then buffers reach the sizes that they need. */
const SETTLING_SHARE = 1 / 4;

async function leak(): Promise<void> {
  // Small, so that a session has many steps.
  const small: ModelShape = { D: 256, L: 4, H: 4, KV: 2, dh: 64, F: 704, V: 2048 };
  const model: ModelShape = withGiven(small, given);
  const group = withGiven({ P: 128, S: 32, G: 4 }, given);
  const { steps, every } = withGiven({ steps: 200, every: 20 }, given);
  const modelDir = await randomModel(model);
  for (const kind of ['learn', 'sample'] satisfies SessionKind[]) {
    const readings = await measure({
      task: 'watch',
      kind,
      work: { modelDir, threads, ...group, steps, every },
    });
    const settled = readings.filter(({ step }) => step >= steps * SETTLING_SHARE);
    const line = {
      bench: 'memory',
      config: { name: 'leak', session: kind, ...model, ...group, threads, steps, every },
      rssMb: readings.map((r) => rounded(r.rssMb)),
      // Least squares of the readings after the first quarter.
      growthKbPerStep: rounded(1024 * slope(settled.map((r) => ({ x: r.step, y: r.rssMb }))), 3),
    };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
}

const RUN: { readonly [C in (typeof CONFIGS)[number]]: () => Promise<void> } = {
  layers,
  P: sweep('P', [128, 256, 512, 1024, 2048]),
  S: sweep('S', [32, 64, 128, 256]),
  G: sweep('G', [2, 4, 8, 16]),
  leak,
};
for (const name of options.configs) await RUN[name]();
