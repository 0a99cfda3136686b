import { RubricError } from './errors.js';
import type { Item } from './grade.js';
import { createCrpoGrader } from './grader.js';
import { type LeafGraderSpec, parseGraderSpec } from './grader-types.js';
import { templateOf } from './openai/fields.js';
import type { JudgeMessage } from './openai/model-specs.js';
import { sampleValue, scopeOf } from './openai/scope.js';

/** Checks that a grader can use a row. @throws RubricError naming the field of the item */
export type ItemCheck = (item: Item) => void;

/** A completion of the right form, so that every rule has to look at the item. */
const PROBE = '<dx>none</dx>\n<conclusion>none \\boxed{A}</conclusion>';

/** Checks that a row has what templates name. */
function checkVariables(texts: readonly string[]): ItemCheck {
  const variables = texts
    .flatMap(templateOf)
    .filter((part) => typeof part !== 'string')
    .filter(({ namespace }) => namespace === 'item');
  return (item) => {
    const scope = scopeOf({ item, completion: '' });
    for (const variable of variables) {
      const value = sampleValue(scope, variable);
      if (value.ok) continue;
      throw new RubricError(
        'RUBRIC_ITEM_VARIABLE',
        variable.text,
        `${variable.text} is absent, want what the grader's {{${variable.text}}} names`,
      );
    }
  };
}

const textsOf = (input: readonly JudgeMessage[]): string[] => input.flatMap(({ texts }) => texts);

type Checks = {
  readonly [T in LeafGraderSpec['type']]: (spec: Extract<LeafGraderSpec, { readonly type: T }>) => ItemCheck;
};

const checks: Checks = {
  crpo: (spec) => {
    const grader = createCrpoGrader(spec);
    // Grading a probe shows whether the grader can use a row at all.
    return (item) => {
      grader.grade({ item, completion: PROBE });
    };
  },
  label_model: ({ input }) => checkVariables(textsOf(input)),
  // Only running a source shows what it reads.
  python: () => () => undefined,
  score_model: ({ input }) => checkVariables(textsOf(input)),
  string_check: ({ input, reference }) => checkVariables([input, reference]),
  text_similarity: ({ input, reference }) => checkVariables([input, reference]),
};

function checkOf<T extends LeafGraderSpec['type']>(
  spec: Extract<LeafGraderSpec, { readonly type: T }>,
): ItemCheck {
  // The row of the spec's own type.
  return checks[spec.type as T](spec);
}

/**
 * What a job's grader wants of every row of its data sets.
 * @throws RubricError for a description that is not valid
 */
export function createItemCheck(spec: unknown): ItemCheck {
  const parsed = parseGraderSpec(spec);
  const all =
    parsed.type === 'multi' ? parsed.graders.map((grader) => checkOf(grader.spec)) : [checkOf(parsed)];
  return (item) => {
    for (const check of all) check(item);
  };
}
