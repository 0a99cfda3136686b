import { ResidencyError } from '../errors.js';
import type { JobMethod } from '../job-spec.js';
import type {
  AgentRequest,
  Auto,
  CreateJobRequest,
  DpoHyperparameters,
  ReinforcementHyperparameters,
} from './create-job.js';
import type { ResidencyRequest } from './residency-request.js';

/** What a request says of its method, whichever that is. */
export interface MethodSettings {
  readonly method: JobMethod;
  /** The grader as given, and the parameter that it was given as; null where nothing is graded. */
  readonly grader: { readonly spec: Readonly<Record<string, unknown>>; readonly param: string } | null;
  /** What is played; null where no episodes are. */
  readonly agent: AgentRequest | null;
  readonly hyperparameters: ReinforcementHyperparameters & DpoHyperparameters;
}

/** Settings that only learning from one's own samples reads. */
const REINFORCEMENT_ONLY = [
  ...[
    'group_size',
    'advantage',
    'std_floor',
    'objective_weights',
    'loss',
    'aggregation',
    'fixed_length',
    'kl_coefficient',
    'kl_estimator',
    'entropy_coefficient',
  ],
  ...['clip_low', 'clip_high', 'dual_clip', 'importance', 'importance_cap'],
] as const satisfies readonly (keyof ResidencyRequest)[];

/** Settings that only samples of evaluations read in the other methods. */
const SAMPLING_ONLY = [
  ...['temperature', 'top_k', 'top_p', 'min_p', 'max_new_tokens', 'eval_samples'],
] as const satisfies readonly (keyof ResidencyRequest)[];

function refuse(param: string, message: string): never {
  throw new ResidencyError('invalid_request', `${param}: ${message}`, { param });
}

export const chosen = (value: Auto<number> | undefined): number | undefined =>
  value === 'auto' ? undefined : value;

/**
 * The method of a request with its grader and hyperparameters.
 * @throws ResidencyError `invalid_request` naming a part that is missing, or that this method does not read
 */
export function methodSettings(request: CreateJobRequest): MethodSettings {
  const { method, x_residency: own = {} } = request;
  const { type } = method;
  for (const other of ['reinforcement', 'agent', 'supervised', 'dpo'] as const) {
    if (other !== type && method[other] !== undefined)
      refuse(`method.${other}`, `found it with type ${type}, wanted method.${type} alone`);
  }
  if (type === 'reinforcement') {
    const { reinforcement } = method;
    if (reinforcement === undefined) return refuse('method.reinforcement', 'found nothing, wanted a value');
    if (own.grader !== undefined)
      refuse(
        'x_residency.grader',
        'found it with type reinforcement, wanted method.reinforcement.grader alone',
      );
    const { grader, hyperparameters = {} } = reinforcement;
    const given = { spec: grader, param: 'method.reinforcement.grader' };
    return { method: type, grader: given, agent: null, hyperparameters };
  }
  if (type === 'agent') {
    const { agent } = method;
    if (agent === undefined) return refuse('method.agent', 'found nothing, wanted a value');
    if (own.grader !== undefined)
      refuse('x_residency.grader', 'found it with type agent, whose rewards are those of its environment');
    return { method: type, grader: null, agent, hyperparameters: agent.hyperparameters ?? {} };
  }
  const unread = [...REINFORCEMENT_ONLY, ...(own.grader === undefined ? SAMPLING_ONLY : [])];
  for (const name of unread) {
    if (own[name] === undefined) continue;
    const why = REINFORCEMENT_ONLY.some((only) => only === name) ? `with type ${type}` : 'without a grader';
    refuse(`x_residency.${name}`, `found ${JSON.stringify(own[name])} ${why}, which does not read it`);
  }
  const isEvaluated = own.grader !== undefined || typeof request.validation_file === 'string';
  if (own.eval_interval !== undefined && !isEvaluated)
    refuse(
      'x_residency.eval_interval',
      `found ${own.eval_interval} without a grader and a validation_file, wanted one of them`,
    );
  const hyperparameters = method[type]?.hyperparameters ?? {};
  return {
    method: type,
    agent: null,
    grader: own.grader === undefined ? null : { spec: own.grader, param: 'x_residency.grader' },
    hyperparameters,
  };
}
