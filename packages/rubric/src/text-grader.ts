import { RubricError } from './errors.js';
import type { Grade, Grader, Span } from './grade.js';
import { createCrpoGrader, type GraderOptions } from './grader.js';
import { isTextGrader, type LeafGraderSpec, parseGraderSpec, type TextGraderSpec } from './grader-types.js';
import { templateOf } from './openai/fields.js';
import { failedGrade, leafGrade, passedComponent } from './openai/leaf-grade.js';
import { Meter } from './openai/meter.js';
import { multiGrade } from './openai/multi-grade.js';
import { formulaOf, type MultiSpec } from './openai/multi-spec.js';
import { scopeOf } from './openai/scope.js';
import { sharedRuns, similarityMetrics } from './openai/similarity.js';
import { stringCheck } from './openai/string-check.js';
import { render, spansInCompletion } from './openai/template.js';
import type { StringCheckSpec, TextSimilaritySpec } from './openai/text-specs.js';

/** Input and reference of a row, rendered. */
interface Compared {
  readonly texts: { readonly input: string; readonly reference: string };
  readonly meter: Meter;
  /** Places of the completion that spans of the input stand for. */
  readonly spansOf: (spans: readonly Span[]) => readonly Span[];
}

/** A grader that compares two rendered texts; a text that cannot be rendered is the sample's failure. */
function createComparing(
  { name, input, reference }: StringCheckSpec | TextSimilaritySpec,
  { onWork }: GraderOptions,
  compare: (compared: Compared) => Grade,
): Grader {
  const templates = { input: templateOf(input), reference: templateOf(reference) };
  return {
    name,
    grade(request): Grade {
      const scope = scopeOf(request);
      const given = render(templates.input, scope);
      if (!given.ok) return failedGrade(name, given);
      const wanted = render(templates.reference, scope);
      if (!wanted.ok) return failedGrade(name, wanted);
      const meter = new Meter();
      const grade = compare({
        texts: { input: given.text, reference: wanted.text },
        meter,
        spansOf: (spans) => spansInCompletion(spans, given.places),
      });
      onWork?.(meter.steps);
      return grade;
    },
  };
}

const createStringCheck = (spec: StringCheckSpec, options: GraderOptions): Grader =>
  createComparing(spec, options, ({ texts, meter, spansOf }) => {
    const { spans, ...found } = stringCheck(spec.operation, texts, meter);
    return leafGrade(spec.name, { ...found, spans: spansOf(spans) });
  });

const createTextSimilarity = (spec: TextSimilaritySpec, options: GraderOptions): Grader =>
  createComparing(spec, options, ({ texts, meter, spansOf }) => {
    const { name, evaluation_metric: metric, pass_threshold: threshold } = spec;
    const value = similarityMetrics[metric](texts, meter);
    const spans = value > 0 ? spansOf(sharedRuns(texts)) : [];
    const reason = `${metric} of the input and the reference is ${Number(value.toPrecision(6))}`;
    return leafGrade(name, { value, spans, reason }, passedComponent(name, value, threshold));
  });

type TextGraders = {
  readonly [T in TextGraderSpec['type']]: (
    spec: Extract<TextGraderSpec, { readonly type: T }>,
    options: GraderOptions,
  ) => Grader;
};

const textGraders: TextGraders = {
  crpo: createCrpoGrader,
  string_check: createStringCheck,
  text_similarity: createTextSimilarity,
};

function createLeaf<T extends TextGraderSpec['type']>(
  spec: Extract<TextGraderSpec, { readonly type: T }>,
  options: GraderOptions,
): Grader {
  // The row of the spec's own type.
  return textGraders[spec.type as T](spec, options);
}

function refuseAsking({ type }: LeafGraderSpec, param: string): never {
  throw new RubricError(
    'RUBRIC_GRADER_HOST',
    param,
    `grader.${param} is '${type}', which needs a host that asks models and runs Python`,
  );
}

function createMulti(spec: MultiSpec<LeafGraderSpec>, options: GraderOptions): Grader {
  const formula = formulaOf(spec);
  const graders = spec.graders.map(({ key, spec: own }) =>
    isTextGrader(own) ? createLeaf(own, options) : refuseAsking(own, `graders.${key}.type`),
  );
  return {
    name: spec.name,
    grade: (request) =>
      multiGrade(
        spec,
        formula,
        graders.map((grader) => grader.grade(request)),
      ),
  };
}

/**
 * A grader of text alone from a job's description: crpo, string_check, text_similarity, or multi of these. Grading
 * takes time linear in the completion, but for the bounded work of similarities (see `commonSubsequence`).
 * @throws RubricError for a description that is not valid or needs a host, and when grading with crpo for an item
 * that cannot be graded
 */
export function createGrader(spec: unknown, options: GraderOptions = {}): Grader {
  const parsed = parseGraderSpec(spec);
  if (parsed.type === 'multi') return createMulti(parsed, options);
  return isTextGrader(parsed) ? createLeaf(parsed, options) : refuseAsking(parsed, 'type');
}
