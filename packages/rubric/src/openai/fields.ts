import { RubricError, shown } from '../errors.js';
import { FieldReader, type Fields } from '../spec-fields.js';
import { type ParsedTemplate, parseTemplate, type Template } from './template.js';

/** Characters of a template at most. */
export const MAX_TEMPLATE = 65_536;
const MAX_NAME = 128;

/** Refuses a field's value. @throws RubricError RUBRIC_GRADER_FIELD */
export function refuse(field: string, value: unknown, want: string): never {
  throw new RubricError('RUBRIC_GRADER_FIELD', field, `grader.${field} is ${shown(value)}, want ${want}`);
}

/** Refuses fields that nothing reads. @throws RubricError RUBRIC_GRADER_UNKNOWN_FIELD */
export const refuseUnknown = (fields: Fields, known: readonly string[], what: string): void =>
  new FieldReader(fields).only(known, `a '${what}' grader`);

export interface TextRange {
  readonly least: number;
  readonly most: number;
}

export const readText = (fields: Fields, field: string, { least, most }: TextRange): string =>
  new FieldReader(fields).text(field, { min: least, max: most });

/** The grader's name; a fallback where the type may go without one. */
export function readName(fields: Fields, fallback?: string): string {
  if (fields['name'] === undefined && fallback !== undefined) return fallback;
  return readText(fields, 'name', { least: 1, most: MAX_NAME });
}

export const readOneOf = <T extends string>(fields: Fields, field: string, allowed: readonly T[]): T =>
  new FieldReader(fields).oneOf(field, allowed);

export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly isInteger?: boolean;
}

/** A number of a range; null where it is left out or null. */
export function readNumber(
  fields: Fields,
  field: string,
  range: NumberRange,
  path: string = field,
): number | null {
  const value = fields[field];
  if (value === undefined || value === null) return null;
  const { min, max, isInteger = false } = range;
  const isGood =
    typeof value === 'number' && value >= min && value <= max && (!isInteger || Number.isInteger(value));
  if (isGood) return value;
  return refuse(path, value, `${isInteger ? 'an integer' : 'a number'} from ${min} to ${max}`);
}

/** Checks a text that may hold variables. @throws RubricError RUBRIC_GRADER_TEMPLATE naming the field */
export function checkTemplate(text: string, field: string): void {
  const parsed = parseTemplate(text);
  if (parsed.ok) return;
  throw new RubricError('RUBRIC_GRADER_TEMPLATE', field, `grader.${field}: ${parsed.problem}`);
}

/** A text that may hold variables. */
export function readTemplate(fields: Fields, field: string): string {
  const text = readText(fields, field, { least: 0, most: MAX_TEMPLATE });
  checkTemplate(text, field);
  return text;
}

/** The template of a text that a parsed grader holds. */
export function templateOf(text: string): Template {
  const parsed: ParsedTemplate = parseTemplate(text);
  if (parsed.ok) return parsed.template;
  throw new Error(`internal: template of a parsed grader: ${parsed.problem}`);
}
