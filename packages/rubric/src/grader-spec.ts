import { type CrpoGraderSpec, parseCrpoSpec } from './crpo/spec.js';
import { RubricError, shown } from './errors.js';
import { FieldReader, isObject } from './spec-fields.js';

/**
 * Checks a grader that came from outside and fills in its defaults; unknown fields are refused, not dropped.
 * @throws RubricError RUBRIC_GRADER_NOT_OBJECT, RUBRIC_GRADER_FIELD, RUBRIC_GRADER_UNKNOWN_FIELD; `param` is the field
 */
export function parseGraderSpec(spec: unknown): CrpoGraderSpec {
  if (!isObject(spec)) {
    throw new RubricError('RUBRIC_GRADER_NOT_OBJECT', '', `grader is ${shown(spec)}, want an object`);
  }
  const fields = new FieldReader(spec);
  fields.oneOf('type', ['crpo']);
  return parseCrpoSpec(fields);
}
