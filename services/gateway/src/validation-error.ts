import { ResidencyError } from '@residency/protocol';

/** The part of an Ajv error that messages are made from (Ajv runs with `verbose`). */
export interface SchemaProblem {
  readonly keyword: string;
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly data?: unknown;
  readonly parentSchema?: Readonly<Record<string, unknown>>;
}

function dotted(path: string): string {
  return path.split('/').slice(1).join('.');
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

const join = (path: string, key: unknown): string => (path === '' ? String(key) : `${path}.${String(key)}`);

// Parameters of the OpenAI API that this platform does not act on: better refused than silently without effect.
const notOffered: ReadonlySet<string> = new Set([
  'hyperparameters',
  'integrations',
  'method.reinforcement.response_format',
  'method.reinforcement.hyperparameters.compute_multiplier',
  'method.reinforcement.hyperparameters.reasoning_effort',
]);

function unknownParameter(param: string): ResidencyError {
  if (!notOffered.has(param)) {
    return new ResidencyError('unknown_parameter', `${param}: found an unknown parameter`, { param });
  }
  return new ResidencyError('unsupported_parameter', `${param}: found a parameter that is not offered here`, {
    param,
  });
}

/** Problems of one value inside a union come together: the outermost schema with a description says it best. */
function clearest(problems: readonly SchemaProblem[]): SchemaProblem | undefined {
  const unknownKey = problems.find(({ keyword }) => keyword === 'additionalProperties');
  if (unknownKey !== undefined) return unknownKey;
  const described = problems.filter(({ parentSchema }) => typeof parentSchema?.['description'] === 'string');
  return described.at(-1) ?? problems[0];
}

/** Turns what Ajv found into one error that names the parameter, what was found and what was wanted. */
export function schemaError(problems: readonly SchemaProblem[], part: string): ResidencyError {
  const problem = clearest(problems);
  if (problem === undefined)
    return new ResidencyError('invalid_request', `${part}: does not match its schema`);
  const path = dotted(problem.instancePath);
  if (problem.keyword === 'additionalProperties') {
    return unknownParameter(join(path, problem.params['additionalProperty']));
  }
  if (problem.keyword === 'required') {
    const param = join(path, problem.params['missingProperty']);
    return new ResidencyError('invalid_request', `${param}: found nothing, wanted a value`, { param });
  }
  const description = problem.parentSchema?.['description'];
  const wanted =
    typeof description === 'string' ? description : `a value that ${problem.message ?? 'matches'}`;
  const param = path === '' ? part : path;
  return new ResidencyError('invalid_request', `${param}: found ${shown(problem.data)}, wanted ${wanted}`, {
    param,
  });
}
