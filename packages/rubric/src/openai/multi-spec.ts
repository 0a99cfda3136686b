import { RubricError } from '../errors.js';
import { type Fields, isObject } from '../spec-fields.js';
import { readName, readText, refuse, refuseUnknown } from './fields.js';
import { compileFormula, type Formula, isFormulaName, MAX_FORMULA } from './formula.js';

/** A grader inside a multi grader, under the name that the formula uses. */
export interface SubGrader<S> {
  readonly key: string;
  readonly spec: S;
  /** As submitted, its name filled in. */
  readonly submitted: Fields;
}

/** A formula over the values of other graders. */
export interface MultiSpec<S> {
  readonly type: 'multi';
  readonly name: string;
  readonly graders: readonly SubGrader<S>[];
  readonly calculate_output: string;
  /** Further names of graders in the formula, each with the key it stands for. */
  readonly aliases: ReadonlyMap<string, string>;
}

/** Graders of a multi grader at most. */
export const MAX_GRADERS = 16;

interface Submitted {
  readonly key: string;
  /** Place below `graders`, for messages. */
  readonly place: string;
  readonly fields: Fields;
}

function keyOfListed(fields: Fields): string {
  const { name, type } = fields;
  return typeof name === 'string' && isFormulaName(name) ? name : `${String(type)}_score`;
}

/** The schema shows a list, guides and real use a map: both are taken (fine-tuning specification 4.2). */
function submittedOf(graders: unknown): Submitted[] {
  const entries: (readonly [string, unknown])[] = Array.isArray(graders)
    ? graders.map((fields, at) => [String(at), fields])
    : isObject(graders)
      ? Object.entries(graders)
      : [];
  if (entries.length === 0 || entries.length > MAX_GRADERS) {
    refuse('graders', graders, `an object or list of 1 to ${MAX_GRADERS} graders`);
  }
  return entries.map(([place, fields]) => {
    if (!isObject(fields)) refuse(`graders.${place}`, fields, 'an object');
    const key = Array.isArray(graders) ? keyOfListed(fields) : place;
    if (!isFormulaName(key)) {
      refuse(`graders.${place}`, key, 'a name of letters, digits and _ that is no function of formulas');
    }
    return { key, place, fields };
  });
}

/** In a list, `<type>_score` is the grader of that type, where there is one alone: the schema's example says it. */
function aliasesOf(graders: unknown, submitted: readonly Submitted[]): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  if (!Array.isArray(graders)) return aliases;
  for (const { key, fields } of submitted) {
    const alias = `${String(fields['type'])}_score`;
    const isAlone = submitted.filter((other) => other.fields['type'] === fields['type']).length === 1;
    if (isAlone && isFormulaName(alias) && !submitted.some((other) => other.key === alias))
      aliases.set(alias, key);
  }
  return aliases;
}

/** Runs a parser of a part, so that its errors name the field from the whole grader's point of view. */
function under<T>(place: string, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof RubricError)) throw error;
    const param = error.param === '' ? place : `${place}.${error.param}`;
    const message = error.message.replace(/^grader(?=[. ])/, `grader.${place}`);
    throw new RubricError(error.code, param, message);
  }
}

/**
 * Checks a multi grader; the graders in it are checked by `parseLeaf`, which refuses multi graders: they do not nest.
 * @throws RubricError naming the field
 */
export function parseMulti<S>(fields: Fields, parseLeaf: (fields: Fields) => S): MultiSpec<S> {
  refuseUnknown(fields, ['type', 'name', 'graders', 'calculate_output'], 'multi');
  const name = readName(fields, 'multi');
  const submitted = submittedOf(fields['graders']);
  const graders = submitted.map(({ key, place, fields: own }, at): SubGrader<S> => {
    const path = `graders.${place}`;
    if (submitted.findIndex((other) => other.key === key) < at)
      refuse(path, key, 'a name that no other grader has');
    const named = own['name'] === undefined ? { ...own, name: key } : own;
    return { key, spec: under(path, () => parseLeaf(named)), submitted: named };
  });
  const aliases = aliasesOf(fields['graders'], submitted);
  const formula = readText(fields, 'calculate_output', { least: 1, most: MAX_FORMULA });
  const compiled = compileFormula(formula, namesOf(graders, aliases));
  if (!compiled.ok) {
    const message = `grader.calculate_output: ${compiled.problem}`;
    throw new RubricError('RUBRIC_GRADER_FORMULA', 'calculate_output', message);
  }
  return { type: 'multi', name, graders, calculate_output: formula, aliases };
}

function namesOf(
  graders: readonly { readonly key: string }[],
  aliases: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  return new Set([...graders.map(({ key }) => key), ...aliases.keys()]);
}

/** The formula of a parsed multi grader. */
export function formulaOf<S>({ calculate_output: text, graders, aliases }: MultiSpec<S>): Formula {
  const compiled = compileFormula(text, namesOf(graders, aliases));
  if (compiled.ok) return compiled.formula;
  throw new Error(`internal: formula of a parsed grader: ${compiled.problem}`);
}
