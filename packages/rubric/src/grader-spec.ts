import { type CrossReferenceName, crossReferences } from './cross-reference.js';
import { RubricError, shown } from './errors.js';
import { type VerifierName, verifiers } from './verifier.js';

/** A grader as a job names it, with every default filled in. */
export interface CrpoGraderSpec {
  readonly type: 'crpo';
  readonly name: string;
  readonly profile: 'crpo-paper';
  /** Weight of accuracy, 0..1000. @defaultValue 10 */
  readonly k: number;
  /** @defaultValue 'lexical' */
  readonly crossref: CrossReferenceName;
  /** Adds the verifier's components with weight 0; null leaves them out. @defaultValue null */
  readonly verifier: VerifierName | null;
}

type Fields = Readonly<Record<string, unknown>>;

const KNOWN = ['type', 'name', 'profile', 'k', 'crossref', 'verifier'];
const MAX_NAME = 64;
const MAX_K = 1000;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refuse(field: string, value: unknown, want: string): never {
  throw new RubricError('RUBRIC_GRADER_FIELD', field, `grader.${field} is ${shown(value)}, want ${want}`);
}

function oneOf<T extends string>(fields: Fields, field: string, allowed: readonly T[]): T {
  const value = fields[field];
  const found = allowed.find((candidate) => candidate === value);
  return found ?? refuse(field, value, `one of: ${allowed.map((name) => `'${name}'`).join(', ')}`);
}

/** The keys of a total table, typed as what they are. */
function namesOf<T extends string>(table: Readonly<Record<T, unknown>>): T[] {
  // A total table has exactly the keys of its type.
  return Object.keys(table).sort() as T[];
}

/**
 * Checks a grader that came from outside and fills in its defaults; unknown fields are refused, not dropped.
 * @throws RubricError RUBRIC_GRADER_NOT_OBJECT, RUBRIC_GRADER_FIELD, RUBRIC_GRADER_UNKNOWN_FIELD; `param` is the field
 */
export function parseCrpoSpec(spec: unknown): CrpoGraderSpec {
  if (!isObject(spec)) {
    throw new RubricError('RUBRIC_GRADER_NOT_OBJECT', '', `grader is ${shown(spec)}, want an object`);
  }
  const type = oneOf(spec, 'type', ['crpo']);
  for (const field of Object.keys(spec).sort()) {
    if (KNOWN.includes(field)) continue;
    throw new RubricError(
      'RUBRIC_GRADER_UNKNOWN_FIELD',
      field,
      `grader.${field} is not a field of a '${type}' grader, want: ${KNOWN.join(', ')}`,
    );
  }
  const { name, k = 10 } = spec;
  if (typeof name !== 'string' || name.length === 0 || name.length > MAX_NAME) {
    refuse('name', name, `a string of 1 to ${MAX_NAME} characters`);
  }
  if (typeof k !== 'number' || !(k >= 0 && k <= MAX_K)) {
    refuse('k', k, `a number from 0 to ${MAX_K}`);
  }
  return {
    type,
    name,
    profile: oneOf(spec, 'profile', ['crpo-paper']),
    k,
    crossref: spec['crossref'] === undefined ? 'lexical' : oneOf(spec, 'crossref', namesOf(crossReferences)),
    verifier: spec['verifier'] === undefined ? null : oneOf(spec, 'verifier', namesOf(verifiers)),
  };
}
