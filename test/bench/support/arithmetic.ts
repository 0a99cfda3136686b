import type { DecoderConfig, LearnGroup } from '@residency/model';
import { layoutItems, plannedOf } from '../../../packages/model/src/engine/learn-item.js';
import { planRuns } from '../../../packages/model/src/engine/plan-runs.js';
import type { LossSpec } from '../../../packages/model/src/losses/index.js';
import { generateProgram } from '../../../packages/model/src/programs/generate.js';
import { trainProgram } from '../../../packages/model/src/programs/train.js';
import { countFlops } from './flops.js';
import { LORA } from './requests.js';

/** Rows of a learning run: what the engine takes where nothing else is said. */
export const MAX_ROWS = 2048;

export const POLICY_LOSS: LossSpec = {
  kind: 'policy',
  estimator: 'ppo',
  kl: null,
  entropy: false,
  correction: null,
};

/**
 * Floating-point operations of the matrix products of forward and backward of groups, packed as the engine
 * packs them.
 */
export function trainFlops(
  config: DecoderConfig,
  groups: readonly LearnGroup[],
  recomputes: boolean,
): number {
  const program = trainProgram(config, { kind: 'lora', ...LORA }, POLICY_LOSS, { recomputes });
  return planRuns(groups.map(plannedOf), MAX_ROWS).reduce((sum, indices) => {
    const packed = indices.flatMap((i) => groups.slice(i, i + 1));
    return sum + countFlops(program, layoutItems(packed, config).sizes);
  }, 0);
}

/** Likewise of sampling G completions of exactly T tokens: one prefill, and every token but the first of all rows together. */
export function sampleFlops(
  config: DecoderConfig,
  { P, T, G }: { readonly P: number; readonly T: number; readonly G: number },
): number {
  const program = generateProgram(config, { kind: 'none' }, { isFiltered: false });
  return countFlops(
    program,
    { P, G, M: T, K: 1, W: 1, F: config.vocab },
    {
      // No row ends before the others: one round.
      rounds: () => [{ A: G, B: G }],
      tokens: () => Array.from({ length: T - 1 }, (_, place) => ({ B: G, T: place })),
    },
  );
}
