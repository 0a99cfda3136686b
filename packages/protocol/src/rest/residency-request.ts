import {
  AGGREGATIONS,
  type Aggregation,
  IMPORTANCE_LEVELS,
  type ImportanceLevel,
  KL_ESTIMATORS,
  type KlEstimator,
  LOSS_PRESET_NAMES,
  type LossPreset,
} from '@residency/algorithms';
import { Type } from 'typebox';
import { RUN_ESTIMATORS, type RunEstimator, SCHEDULE_SHAPES, type ScheduleShape } from '../job-spec.js';
import { schemaOf } from '../schema.js';
import { above, closed, integer, number, oneOf } from './ranges.js';

/** The platform's own settings, under one namespaced key. */
export interface ResidencyRequest {
  readonly group_size?: number;
  readonly groups_per_step?: number;
  readonly steps?: number;
  readonly temperature?: number;
  readonly top_k?: number;
  readonly top_p?: number;
  readonly min_p?: number;
  readonly max_new_tokens?: number;
  readonly learning_rate?: number;
  readonly learning_rate_schedule?: ScheduleShape;
  readonly warmup_steps?: number;
  readonly min_learning_rate_share?: number;
  /** How rewards of a group become advantages. */
  readonly advantage?: RunEstimator;
  readonly std_floor?: number;
  readonly objective_weights?: Readonly<Record<string, number>>;
  /** A published loss; the settings below win over its numbers. */
  readonly loss?: LossPreset;
  readonly aggregation?: Aggregation;
  /** Tokens. */
  readonly fixed_length?: number;
  readonly kl_coefficient?: number;
  readonly kl_estimator?: KlEstimator;
  readonly entropy_coefficient?: number;
  readonly clip_low?: number;
  readonly clip_high?: number;
  readonly dual_clip?: number;
  readonly importance?: ImportanceLevel;
  readonly importance_cap?: number;
  readonly max_grad_norm?: number;
  readonly weight_decay?: number;
  readonly eval_samples?: number;
  /** Training steps between evaluations. */
  readonly eval_interval?: number;
  readonly lora?: { readonly rank?: number; readonly alpha?: number };
  /** An adapter, or all weights. */
  readonly trains?: 'lora' | 'full';
  /** Grades evaluations of the methods `supervised` and `dpo`, which need none to learn. */
  readonly grader?: Readonly<Record<string, unknown>>;
}

const fields = Type.Object(
  {
    group_size: Type.Optional(integer(2, 64)),
    groups_per_step: Type.Optional(integer(1, 256)),
    steps: Type.Optional(integer(1, 100_000)),
    temperature: Type.Optional(number(0.05, 2)),
    top_k: Type.Optional(integer(0, 1_000_000)),
    top_p: Type.Optional(above(0, 1)),
    min_p: Type.Optional(number(0, 1)),
    max_new_tokens: Type.Optional(integer(1, 8_192)),
    learning_rate: Type.Optional(above(0, 1)),
    learning_rate_schedule: Type.Optional(oneOf(SCHEDULE_SHAPES)),
    warmup_steps: Type.Optional(integer(0, 100_000)),
    min_learning_rate_share: Type.Optional(number(0, 1)),
    advantage: Type.Optional(oneOf(RUN_ESTIMATORS)),
    std_floor: Type.Optional(number(0, 100)),
    objective_weights: Type.Optional(
      Type.Record(Type.String({ pattern: '^[^]{1,64}$' }), number(-100, 100), {
        maxProperties: 64,
        ...closed,
      }),
    ),
    loss: Type.Optional(oneOf(LOSS_PRESET_NAMES)),
    aggregation: Type.Optional(oneOf(AGGREGATIONS)),
    fixed_length: Type.Optional(integer(1, 1_000_000)),
    kl_coefficient: Type.Optional(number(0, 10)),
    kl_estimator: Type.Optional(oneOf(KL_ESTIMATORS)),
    entropy_coefficient: Type.Optional(number(0, 10)),
    clip_low: Type.Optional(number(0, 1)),
    clip_high: Type.Optional(number(0, 10)),
    dual_clip: Type.Optional(above(1, 1_000)),
    importance: Type.Optional(oneOf(IMPORTANCE_LEVELS)),
    importance_cap: Type.Optional(above(0, 1_000)),
    max_grad_norm: Type.Optional(number(0, 1_000)),
    weight_decay: Type.Optional(number(0, 1)),
    eval_samples: Type.Optional(integer(0, 64)),
    eval_interval: Type.Optional(integer(1, 100_000)),
    lora: Type.Optional(
      Type.Object({ rank: Type.Optional(integer(1, 256)), alpha: Type.Optional(above(0, 1_024)) }, closed),
    ),
    trains: Type.Optional(oneOf(['lora', 'full'])),
    grader: Type.Optional(Type.Record(Type.String(), Type.Unknown(), { description: 'a grader' })),
  },
  closed,
);

/** Schema of ResidencyRequest: the ranges of single settings. What they mean together is checked where it is resolved. */
export const residencySchema: Type.TUnsafe<ResidencyRequest> = Type.Unsafe<ResidencyRequest>(
  schemaOf<ResidencyRequest>()(fields),
);
