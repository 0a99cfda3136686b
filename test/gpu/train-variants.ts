import type { LossSpec } from '../../packages/model/src/losses/index.js';
import type { Packing } from '../../packages/model/src/programs/score.js';

/** One training program: what it trains, its loss, how its run is packed, and whether inner values are computed twice. */
export interface TrainVariant {
  readonly kind: 'lora' | 'full';
  readonly loss: LossSpec;
  readonly packing: Packing;
  readonly recomputes: boolean;
}

/** Losses that together hold every estimator, KL estimate, importance level and kind. */
const LOSSES: readonly LossSpec[] = [
  { kind: 'policy', estimator: 'ppo', kl: null, entropy: false, correction: null },
  { kind: 'policy', estimator: 'ppo_dual_clip', kl: 'k3', entropy: true, correction: 'token' },
  { kind: 'policy', estimator: 'gspo', kl: 'abs', entropy: false, correction: 'sequence' },
  { kind: 'policy', estimator: 'cispo', kl: 'k2', entropy: false, correction: null },
  { kind: 'policy', estimator: 'reinforce', kl: 'k1', entropy: false, correction: null },
  { kind: 'supervised' },
  { kind: 'dpo' },
];
const [PPO, FULL_POLICY] = LOSSES;

/** The losses with an adapter, of groups and of tries; some of them recomputing, and some with all weights. */
export const trainVariants: readonly TrainVariant[] = [
  ...LOSSES.map((loss) => ({ kind: 'lora', loss, packing: 'groups', recomputes: false }) as const),
  // Pairs are groups of two.
  ...LOSSES.filter(({ kind }) => kind !== 'dpo').map(
    (loss) => ({ kind: 'lora', loss, packing: 'tries', recomputes: false }) as const,
  ),
  ...[PPO, FULL_POLICY].flatMap((loss) =>
    loss === undefined
      ? []
      : ([
          { kind: 'lora', loss, packing: 'groups', recomputes: true },
          { kind: 'lora', loss, packing: 'tries', recomputes: true },
          { kind: 'full', loss, packing: 'groups', recomputes: false },
        ] as const),
  ),
  { kind: 'full', loss: { kind: 'supervised' }, packing: 'groups', recomputes: true },
  { kind: 'full', loss: { kind: 'supervised' }, packing: 'tries', recomputes: false },
];
