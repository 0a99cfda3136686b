import { NORMALISATION_MODES, type NormalisationMode } from '@residency/algorithms';
import { type TSchema, Type } from 'typebox';
import type { AgentForm, AgentPromptStyle, JobMethod } from '../job-spec.js';
import { schemaOf } from '../schema.js';
import { between, closed, integer, number, oneOf } from './ranges.js';
import { type ResidencyRequest, residencySchema } from './residency-request.js';

/** `auto` leaves the choice to the platform. */
export type Auto<T> = 'auto' | T;

/** OpenAI's hyperparameters of every method, those that this platform reads. */
export interface SupervisedHyperparameters {
  readonly batch_size?: Auto<number>;
  readonly n_epochs?: Auto<number>;
  readonly learning_rate_multiplier?: Auto<number>;
}

export interface ReinforcementHyperparameters extends SupervisedHyperparameters {
  readonly eval_samples?: Auto<number>;
  readonly eval_interval?: Auto<number>;
}

/** How episodes of an environment are played and weighed; see AgentSettings. */
export interface AgentRequest {
  readonly environment: string;
  readonly form?: AgentForm;
  readonly prompt_style?: AgentPromptStyle;
  readonly history?: number;
  readonly max_turns?: number;
  readonly gamma?: number;
  readonly omega?: number;
  readonly invalid_penalty?: number;
  readonly normalisation?: NormalisationMode;
  readonly similarity?: number;
  readonly hyperparameters?: ReinforcementHyperparameters;
}

export interface DpoHyperparameters extends SupervisedHyperparameters {
  readonly beta?: Auto<number>;
}

/** The part that `type` names says more; the others are absent. */
export interface MethodRequest {
  readonly type: JobMethod;
  readonly reinforcement?: {
    readonly grader: Readonly<Record<string, unknown>>;
    readonly hyperparameters?: ReinforcementHyperparameters;
  };
  readonly agent?: AgentRequest;
  readonly supervised?: { readonly hyperparameters?: SupervisedHyperparameters };
  readonly dpo?: { readonly hyperparameters?: DpoHyperparameters };
}

/** Body of POST /v1/fine_tuning/jobs. */
export interface CreateJobRequest {
  readonly model: string;
  readonly training_file: string;
  readonly validation_file?: string | null;
  readonly suffix?: string | null;
  readonly seed?: number | null;
  readonly metadata?: Readonly<Record<string, string>> | null;
  readonly method: MethodRequest;
  readonly x_residency?: ResidencyRequest;
}

const METHODS: readonly JobMethod[] = ['reinforcement', 'agent', 'supervised', 'dpo'];

const orAuto = <S extends TSchema>(schema: S, wanted: string) =>
  Type.Union([Type.Literal('auto'), schema], { description: `"auto" or ${wanted}` });
const orNull = <S extends TSchema>(schema: S, wanted: string) =>
  Type.Union([schema, Type.Null()], { description: `${wanted} or null` });

const shared = {
  batch_size: Type.Optional(orAuto(Type.Integer({ minimum: 1, maximum: 256 }), 'an integer from 1 to 256')),
  n_epochs: Type.Optional(orAuto(Type.Integer({ minimum: 1, maximum: 50 }), 'an integer from 1 to 50')),
  learning_rate_multiplier: Type.Optional(
    orAuto(Type.Number({ exclusiveMinimum: 0, maximum: 1_000 }), 'a number above 0 and up to 1000'),
  ),
};
const supervised = Type.Object(shared, closed);
const reinforcement = Type.Object(
  {
    ...shared,
    eval_samples: Type.Optional(orAuto(Type.Integer({ minimum: 1, maximum: 64 }), 'an integer from 1 to 64')),
    eval_interval: Type.Optional(
      orAuto(Type.Integer({ minimum: 1, maximum: 100_000 }), 'an integer from 1 to 100000'),
    ),
  },
  closed,
);
const dpo = Type.Object(
  {
    ...shared,
    beta: Type.Optional(
      orAuto(Type.Number({ exclusiveMinimum: 0, maximum: 10 }), 'a number above 0 and up to 10'),
    ),
  },
  closed,
);

const agent = Type.Object(
  {
    environment: Type.String({
      pattern: '^[a-z][a-z0-9-]{0,63}$',
      description: 'the name of an environment, 1 to 64 lower-case letters, digits and dashes',
    }),
    form: Type.Optional(oneOf(['steps', 'conversation'])),
    prompt_style: Type.Optional(oneOf(['published', 'brief'])),
    history: Type.Optional(integer(0, 64)),
    max_turns: Type.Optional(integer(1, 1_000)),
    gamma: Type.Optional(number(0, 1)),
    omega: Type.Optional(number(0, 100)),
    invalid_penalty: Type.Optional(number(0, 1_000)),
    normalisation: Type.Optional(oneOf(NORMALISATION_MODES)),
    similarity: Type.Optional(between(0, 1)),
    hyperparameters: Type.Optional(reinforcement),
  },
  closed,
);

/** Schema of CreateJobRequest. Unknown keys are refused: a setting that nothing reads is a mistake. */
export const createJobSchema: TSchema = schemaOf<CreateJobRequest>()(
  Type.Object(
    {
      model: Type.String({ minLength: 1, maxLength: 512, description: 'a model name' }),
      training_file: Type.String({ minLength: 1, maxLength: 64, description: 'a file id' }),
      validation_file: Type.Optional(orNull(Type.String({ minLength: 1, maxLength: 64 }), 'a file id')),
      suffix: Type.Optional(
        orNull(
          Type.String({ pattern: '^[A-Za-z0-9._-]{1,64}$' }),
          '1 to 64 letters, digits, dots, dashes and underscores',
        ),
      ),
      seed: Type.Optional(
        orNull(Type.Integer({ minimum: 0, maximum: 2_147_483_647 }), 'an integer from 0 to 2147483647'),
      ),
      metadata: Type.Optional(
        orNull(
          Type.Record(Type.String({ pattern: '^[^]{1,64}$' }), Type.String({ maxLength: 512 }), {
            maxProperties: 16,
            ...closed,
          }),
          'at most 16 keys of at most 64 characters with texts of at most 512',
        ),
      ),
      method: Type.Object(
        {
          type: oneOf(METHODS),
          reinforcement: Type.Optional(
            Type.Object(
              {
                grader: Type.Record(Type.String(), Type.Unknown(), { description: 'a grader' }),
                hyperparameters: Type.Optional(reinforcement),
              },
              closed,
            ),
          ),
          agent: Type.Optional(agent),
          supervised: Type.Optional(Type.Object({ hyperparameters: Type.Optional(supervised) }, closed)),
          dpo: Type.Optional(Type.Object({ hyperparameters: Type.Optional(dpo) }, closed)),
        },
        closed,
      ),
      x_residency: Type.Optional(residencySchema),
    },
    closed,
  ),
);
