import type { Grade, GradeComponent } from '../grade.js';
import type { Formula } from './formula.js';
import { failedGrade } from './leaf-grade.js';
import type { MultiSpec } from './multi-spec.js';
import { type GraderFailure, oneLine } from './reasons.js';

/**
 * The components of a sub-grader in the whole: its value under its key, and what it reports below that; a crpo grader
 * has no component of its own but those that it sums.
 */
function reported(key: string, grade: Grade, isSum: boolean): GradeComponent[] {
  const [own, ...more] = grade.components;
  const isLeaf = own !== undefined && !isSum;
  const first: GradeComponent = {
    name: key,
    value: grade.total,
    weight: 0,
    spans: isLeaf ? own.spans : [],
    reason: isLeaf ? own.reason : `the sum of ${grade.components.length} components`,
  };
  const below = isLeaf ? more : grade.components;
  return [
    first,
    ...below.map((component) => ({
      ...component,
      name: `${key}.${component.name.slice(component.name.lastIndexOf('.') + 1)}`,
      weight: 0,
    })),
  ];
}

/**
 * The grade of a multi grader from those of its graders, in their order: the formula's value counts, what it is made
 * of is reported. A grader that could not be asked leaves the whole without a reward.
 */
export function multiGrade<S extends { readonly type: string }>(
  spec: MultiSpec<S>,
  formula: Formula,
  grades: readonly Grade[],
): Grade {
  const { name, graders, aliases } = spec;
  const values = new Map<string, number>();
  const parts: GradeComponent[] = [];
  const failures: GraderFailure[] = [];
  for (const [at, { key, spec: own }] of graders.entries()) {
    const grade = grades[at];
    if (grade === undefined) throw new Error(`internal: no grade of ${key}`);
    values.set(key, grade.total);
    parts.push(...reported(key, grade, own.type === 'crpo'));
    failures.push(...(grade.failures ?? []));
  }
  for (const [alias, key] of aliases) values.set(alias, values.get(key) ?? Number.NaN);
  const total = formula.evaluate(values);
  if (!Number.isFinite(total)) {
    const detail = `${oneLine(spec.calculate_output, 80)} gave ${total}`;
    const failed = failedGrade(name, { code: 'formula_not_finite', detail });
    return {
      total: 0,
      components: [...failed.components, ...parts],
      failures: [...failures, ...(failed.failures ?? [])],
    };
  }
  const own = { name, value: total, weight: 1, spans: [], reason: oneLine(spec.calculate_output) };
  return { total, components: [own, ...parts], ...(failures.length > 0 && { failures }) };
}
