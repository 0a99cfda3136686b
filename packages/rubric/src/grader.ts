import { type CrossReference, crossReferences } from './cross-reference.js';
import { crpoComponents } from './crpo/components.js';
import type { CrpoGraderSpec } from './crpo/spec.js';
import type { Grade, GradeComponent, Grader } from './grade.js';
import { verifiers } from './verifier.js';

export interface GraderOptions {
  /** Decides cross-references in place of the predicate that the grader names. */
  readonly crossReference?: CrossReference;
  /** Told after each grade how many characters of the completion the profile's rules read. */
  readonly onWork?: (characters: number) => void;
}

function totalOf(components: readonly GradeComponent[]): number {
  let total = 0;
  for (const { value, weight } of components) total += value * weight;
  return total;
}

/**
 * A CRPO grader. Its components are those of the profile, loopholes and constraints, then, where a verifier is named, the
 * verifier's with weight 0. Grading takes time linear in the completion.
 * @throws RubricError when grading, for an item that cannot be graded
 */
export function createCrpoGrader(spec: CrpoGraderSpec, options: GraderOptions = {}): Grader {
  const { name, verifier } = spec;
  const { test } = spec.crossref;
  // What a judge said is written into the row.
  const crossReference = options.crossReference ?? crossReferences[test === 'judge' ? 'stated' : test];
  return {
    name,
    grade({ item, completion }): Grade {
      const { components, read } = crpoComponents({ spec, item, completion, crossReference });
      options.onWork?.(read);
      const verified = verifier === null ? [] : verifiers[verifier]({ item, completion });
      return { total: totalOf(components), components: [...components, ...verified] };
    },
  };
}
