import { RubricError } from './errors.js';
import type { Grade, Grader } from './grade.js';
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

function createStringCheck(spec: StringCheckSpec, { onWork }: GraderOptions): Grader {
  const { name, operation } = spec;
  const templates = { input: templateOf(spec.input), reference: templateOf(spec.reference) };
  return {
    name,
    grade(request): Grade {
      const scope = scopeOf(request);
      const input = render(templates.input, scope);
      if (!input.ok) return failedGrade(name, input);
      const reference = render(templates.reference, scope);
      if (!reference.ok) return failedGrade(name, reference);
      const texts = { input: input.text, reference: reference.text };
      const meter = new Meter();
      const { spans, ...found } = stringCheck(operation, texts, meter);
      onWork?.(meter.steps);
      return leafGrade(name, { ...found, spans: spansInCompletion(spans, input.places) });
    },
  };
}

function createTextSimilarity(spec: TextSimilaritySpec, { onWork }: GraderOptions): Grader {
  const { name, evaluation_metric: metric, pass_threshold: threshold } = spec;
  const templates = { input: templateOf(spec.input), reference: templateOf(spec.reference) };
  return {
    name,
    grade(request): Grade {
      const scope = scopeOf(request);
      const input = render(templates.input, scope);
      if (!input.ok) return failedGrade(name, input);
      const reference = render(templates.reference, scope);
      if (!reference.ok) return failedGrade(name, reference);
      const texts = { input: input.text, reference: reference.text };
      const meter = new Meter();
      const value = similarityMetrics[metric](texts, meter);
      onWork?.(meter.steps);
      const spans = value > 0 ? spansInCompletion(sharedRuns(texts), input.places) : [];
      const reason = `${metric} of the input and the reference is ${Number(value.toPrecision(6))}`;
      return leafGrade(name, { value, spans, reason }, passedComponent(name, value, threshold));
    },
  };
}

type TextGraders = {
  readonly [T in TextGraderSpec['type']]: (
    spec: Extract<TextGraderSpec, { readonly type: T }>,
    options: GraderOptions,
    submitted: unknown,
  ) => Grader;
};

const textGraders: TextGraders = {
  crpo: (_, options, submitted) => createCrpoGrader(submitted, options),
  string_check: createStringCheck,
  text_similarity: createTextSimilarity,
};

function createLeaf<T extends TextGraderSpec['type']>(
  spec: Extract<TextGraderSpec, { readonly type: T }>,
  options: GraderOptions,
  submitted: unknown,
): Grader {
  // The row of the spec's own type.
  const create = textGraders[spec.type as T];
  return create(spec, options, submitted);
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
  const graders = spec.graders.map(({ key, spec: own, submitted }) =>
    isTextGrader(own) ? createLeaf(own, options, submitted) : refuseAsking(own, `graders.${key}.type`),
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
  return isTextGrader(parsed) ? createLeaf(parsed, options, spec) : refuseAsking(parsed, 'type');
}
