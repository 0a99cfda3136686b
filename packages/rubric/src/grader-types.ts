import { type CrossReferenceSpec, type CrpoGraderSpec, parseCrpoSpec } from './crpo/spec.js';
import { RubricError, shown } from './errors.js';
import { readOneOf } from './openai/fields.js';
import {
  type LabelModelSpec,
  parseLabelModel,
  parseScoreModel,
  type ScoreModelSpec,
} from './openai/model-specs.js';
import { type MultiSpec, parseMulti } from './openai/multi-spec.js';
import {
  type PythonSpec,
  parsePython,
  parseStringCheck,
  parseTextSimilarity,
  type StringCheckSpec,
  type TextSimilaritySpec,
} from './openai/text-specs.js';
import { FieldReader, type Fields, isObject, namesOf } from './spec-fields.js';

/** Graders that read the completion and its row alone. */
export type TextGraderSpec = CrpoGraderSpec | StringCheckSpec | TextSimilaritySpec;

/** Graders that ask a model or run Python, which a host does for them. */
export type AskingGraderSpec = LabelModelSpec | PythonSpec | ScoreModelSpec;

/** Graders that a multi grader may hold. */
export type LeafGraderSpec = AskingGraderSpec | TextGraderSpec;

/** A grader as a job names it, with every default filled in. */
export type GraderSpec = LeafGraderSpec | MultiSpec<LeafGraderSpec>;

export type GraderType = GraderSpec['type'];

type Parsers<S extends { readonly type: string }> = {
  readonly [T in S['type']]: (fields: Fields) => Extract<S, { readonly type: T }>;
};

const leafParsers: Parsers<LeafGraderSpec> = {
  crpo: (fields) => parseCrpoSpec(new FieldReader(fields)),
  label_model: parseLabelModel,
  python: parsePython,
  score_model: parseScoreModel,
  string_check: parseStringCheck,
  text_similarity: parseTextSimilarity,
};

const parsers: Parsers<GraderSpec> = {
  ...leafParsers,
  multi: (fields) =>
    parseMulti<LeafGraderSpec>(fields, (own) =>
      leafParsers[readOneOf(own, 'type', namesOf(leafParsers))](own),
    ),
};

/** Every type of grader that a job may name, sorted. */
export const graderTypes: readonly GraderType[] = namesOf(parsers);

/**
 * Checks a grader that came from outside and fills in its defaults; unknown fields are refused, not dropped.
 * @throws RubricError RUBRIC_GRADER_NOT_OBJECT, RUBRIC_GRADER_FIELD, RUBRIC_GRADER_UNKNOWN_FIELD,
 * RUBRIC_GRADER_TEMPLATE, RUBRIC_GRADER_FORMULA; `param` is the field
 */
export function parseGraderSpec(spec: unknown): GraderSpec {
  if (!isObject(spec)) {
    throw new RubricError('RUBRIC_GRADER_NOT_OBJECT', '', `grader is ${shown(spec)}, want an object`);
  }
  return parsers[readOneOf(spec, 'type', graderTypes)](spec);
}

const asking: { readonly [T in LeafGraderSpec['type']]: boolean } = {
  crpo: false,
  label_model: true,
  python: true,
  score_model: true,
  string_check: false,
  text_similarity: false,
};

/** A CRPO grader whose cross-references a model judges. */
export const isJudgedCrpo = (spec: LeafGraderSpec): spec is CrpoGraderSpec & JudgedCrossReference =>
  spec.type === 'crpo' && spec.crossref.test === 'judge';

interface JudgedCrossReference {
  readonly crossref: Extract<CrossReferenceSpec, { readonly test: 'judge' }>;
}

/** Whether a grader reads text alone. */
export function isTextGrader(spec: LeafGraderSpec): spec is TextGraderSpec {
  return !asking[spec.type] && !isJudgedCrpo(spec);
}
