/**
 * Times sampling, prefill included: G samples of exactly T tokens of one prompt, beside transformers'
 * generate.
 * `npm run bench -- sampler [default|smollm2 ...] [--peers] [--P n] [--T n] [--runs n] ...` prints one line
 * of JSON each.
 */
import { readConfig } from '@residency/model';
import { sampleFlops } from './support/arithmetic.js';
import {
  DEFAULT_MODEL,
  MODEL_SIZES,
  type ModelShape,
  randomModel,
  smollm2Model,
} from './support/bench-model.js';
import { compare, ourSide, peerSide } from './support/compare.js';
import { optionsOf, withGiven } from './support/options.js';
import { findPeer, type PeerName } from './support/peers.js';
import { report, rounded } from './support/report.js';

const CONFIGS = ['default', 'smollm2'] as const;
const options = optionsOf({ name: 'sampler', configs: CONFIGS, sizes: [...MODEL_SIZES, 'P', 'T', 'G'] });
const { sizes: given, runs, warmups, rounds, threads } = options;

/** What differs from configuration to configuration. */
interface Case {
  readonly dir: string;
  readonly sizes: { readonly P: number; readonly T: number; readonly G: number };
  readonly config: Readonly<Record<string, string | number>>;
  readonly peer: PeerName;
  readonly peerArgs: readonly string[];
}

async function run({ dir, sizes, config, peer, peerArgs }: Case): Promise<void> {
  const ours = ourSide('residency', {
    task: 'time',
    kind: 'sample',
    work: { modelDir: dir, threads, warmups, runs, ...sizes, measuresRate: false },
  });
  const other = options.peers ? peerSide('transformers generate', findPeer(peer), peerArgs) : null;
  const comparison = await compare(ours, other, rounds);
  report(
    {
      bench: 'sampler',
      config: { ...config, ...sizes, threads, runs },
      comparison,
      tokens: sizes.G * sizes.T,
      flops: sampleFlops(await readConfig(dir), sizes),
    },
    { speedup: comparison.ratio && rounded(1 / comparison.ratio.time) },
  );
}

async function random(): Promise<void> {
  const model: ModelShape = withGiven(DEFAULT_MODEL, given);
  const sizes = withGiven({ P: 512, T: 64, G: 8 }, given);
  await run({
    dir: await randomModel(model),
    sizes,
    config: { name: 'default', ...model },
    peer: 'sampler_transformers',
    // It times three runs, whatever is asked.
    peerArgs: [JSON.stringify({ ...model, ...sizes, threads })],
  });
}

async function smollm2(): Promise<void> {
  const dir = await smollm2Model();
  if (dir === null) return;
  const sizes = withGiven({ P: 256, T: 64, G: 8 }, given);
  await run({
    dir,
    sizes,
    config: { name: 'smollm2', model: 'SmolLM2-135M-Instruct' },
    peer: 'smollm2_sample',
    peerArgs: [dir, JSON.stringify({ ...sizes, threads, warmups, runs })],
  });
}

const RUN: { readonly [C in (typeof CONFIGS)[number]]: () => Promise<void> } = { default: random, smollm2 };
for (const name of options.configs) await RUN[name]();
