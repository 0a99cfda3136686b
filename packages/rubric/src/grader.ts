import { type CrossReference, crossReferences } from './cross-reference.js';
import { crpoPaperComponents } from './crpo-paper.js';
import { goldLetter } from './gold.js';
import type { Grade, GradeComponent, Grader } from './grade.js';
import { parseCrpoSpec } from './grader-spec.js';
import { TextScan } from './text-scan.js';
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
 * A grader from a job's description: `{ type: 'crpo', name, profile: 'crpo-paper', k?, crossref?, verifier? }`.
 * Its components are accuracy, clinical_reasoning and consistency, then, where a verifier is named, the
 * verifier's with weight 0. Grading takes time linear in the completion.
 * @throws RubricError for a description that is not valid, and when grading for an item that cannot be graded
 */
export function createCrpoGrader(spec: unknown, options: GraderOptions = {}): Grader {
  const { name, k, crossref, verifier } = parseCrpoSpec(spec);
  const crossReference = options.crossReference ?? crossReferences[crossref];
  return {
    name,
    grade({ item, completion }): Grade {
      const scan = new TextScan(completion);
      const components = crpoPaperComponents({ scan, item, gold: goldLetter(item), k, crossReference });
      options.onWork?.(scan.read);
      if (verifier !== null) components.push(...verifiers[verifier]({ item, completion }));
      return { total: totalOf(components), components };
    },
  };
}
