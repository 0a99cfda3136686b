import { KL_ESTIMATORS, maskLengths, sumTokens, tokenWeights } from '@residency/algorithms';
import { createLocalRunner } from '@residency/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import type { PolicyLossSpec } from '../../../../packages/model/src/losses/policy.js';
import { interpretLoss, type LossValues, lossProgram, runLoss } from '../../../support/loss-program.js';
import {
  type PolicyLossRow,
  PUBLISHED_CASES,
  PUBLISHED_KL,
  policyLossRows,
} from '../../../support/policy-loss-vectors.js';

const rows = policyLossRows();
const runner = createLocalRunner();
afterAll(() => runner.close());

/** The loss of a published row in double precision, and in single precision by ONNX Runtime. */
async function bothWays(
  row: PolicyLossRow,
  spec: PolicyLossSpec,
  weights: readonly number[],
  clip: { readonly clipLow: number; readonly clipHigh: number },
): Promise<readonly LossValues[]> {
  const run = {
    program: lossProgram(spec),
    spec,
    feeds: {
      logprobs: row.log_prob.flat(),
      oldLogprobs: row.old_log_prob.flat(),
      referenceLogprobs: row.ref_log_prob.flat(),
      advantages: row.advantages.flat(),
      mask: row.mask.flat(),
      weights: row.mask.flatMap((tokens, s) => tokens.map(() => weights[s] ?? 0)),
    },
    numbers: { ...clip, dualClip: 3, klCoefficient: 0.5 },
    sizes: { B: row.mask.length, S: row.mask[0]?.length ?? 0 },
  };
  return [interpretLoss(run), await runLoss(runner, run)];
}

const plain = { kind: 'policy', kl: null, entropy: false, correction: null } as const;

describe.runIf(rows.length > 0)(
  'published loss vectors (left out where the reference data is absent)',
  () => {
    for (const row of rows) {
      const lengths = maskLengths(row.mask);
      const tokens = lengths.reduce((a, b) => a + b, 0);

      it.each(PUBLISHED_CASES)(
        '$name',
        async ({ name, estimator, aggregation, clipLow, clipHigh, scale }) => {
          const weights = tokenWeights({ aggregation, lengths, fixedLength: 4 });
          const want = row.out[name];

          for (const out of await bothWays(row, { ...plain, estimator }, weights, { clipLow, clipHigh })) {
            const sum = (key: string): number => out[key]?.[0] ?? Number.NaN;
            const dual = estimator === 'ppo_dual_clip' ? sum('clippedDual') : 0;
            expect(sum('loss')).toBeCloseTo(want.pg_loss * scale(lengths.length), 6);
            expect((sum('clippedLow') + sum('clippedHigh')) / tokens).toBeCloseTo(want.clipfrac, 6);
            expect(dual / tokens).toBeCloseTo(want.clipfrac_lower, 6);
            expect(sum('oldKlK1') / tokens).toBeCloseTo(want.ppo_kl, 6);
          }
        },
      );

      it.each(KL_ESTIMATORS)('divergence %s', async (kl) => {
        const weights = tokenWeights({ aggregation: 'token-mean', lengths });
        const published = row.kl[PUBLISHED_KL[kl]].map((values, s) =>
          values.map((v, t) => v * (row.mask[s]?.[t] ?? 0)),
        );
        const mean = sumTokens(published) / tokens;

        const spec = { ...plain, estimator: 'ppo_dual_clip', kl } as const;
        for (const out of await bothWays(row, spec, weights, { clipLow: 0.2, clipHigh: 0.28 })) {
          expect(out['klPenalty']?.[0]).toBeCloseTo(mean, 6);
          expect(out['kl']?.[0]).toBeCloseTo(mean * tokens, 5);
          expect(out['loss']?.[0]).toBeCloseTo(row.out['token-mean'].pg_loss + 0.5 * mean, 6);
          if (kl === 'k3') expect(out['klPenalty']?.[0]).toBeCloseTo(row.kl_loss_low_var_token_mean, 6);
        }
      });
    }
  },
);
