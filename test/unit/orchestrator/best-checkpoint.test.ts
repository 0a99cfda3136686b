import { describe, expect, it } from 'vitest';
import { betterOf, checkpointOf } from '../../../services/orchestrator/src/best-checkpoint.js';
import { summariseLoss } from '../../../services/orchestrator/src/evaluation.js';

const of = (version: number, loss: number) =>
  checkpointOf(
    summariseLoss({ phase: 'eval', step: version }, { loss, tokens: 9 }, { cases: 3, ledgerSha256: '' }),
    { version, sha256: `v${version}` },
  );

describe('the best version of a run whose rows are measured as they stand', () => {
  it('is the one of least loss, the earlier of equals', () => {
    const best = [of(1, 2), of(2, 1.5), of(3, 1.5), of(4, 1.75)].reduce<ReturnType<typeof of> | null>(
      betterOf,
      null,
    );

    expect(best).toEqual({
      policy_version: 2,
      adapter_sha256: 'v2',
      accuracy: null,
      mean_reward: null,
      loss: 1.5,
    });
  });
});
