import { gradeJudged } from './crpo/judged-reference.js';
import type { Grade, GradeRequest } from './grade.js';
import {
  type AskingGraderSpec,
  isJudgedCrpo,
  isTextGrader,
  type LeafGraderSpec,
  parseGraderSpec,
} from './grader-types.js';
import { failedGrade, leafGrade, passedComponent } from './openai/leaf-grade.js';
import { type Judgement, readLabel, readScore } from './openai/model-answer.js';
import { type BuiltRequest, type ChatRequest, labelRequest, scoreRequest } from './openai/model-request.js';
import { multiGrade } from './openai/multi-grade.js';
import { formulaOf } from './openai/multi-spec.js';
import type { GraderFailure } from './openai/reasons.js';
import { type Scope, scopeOf } from './openai/scope.js';

/** A request to a judging model, and what it is about: equal graders and samples may share an answer. */
export interface ChatQuestion {
  readonly grader: AskingGraderSpec;
  readonly sample: GradeRequest;
  readonly model: string;
  readonly body: ChatRequest;
}

/** The body of the endpoint's answer, or why there is none. */
export type ChatOutcome =
  | { readonly ok: true; readonly body: string }
  | ({ readonly ok: false } & GraderFailure);

/** A call of `grade(sample, item)`; the arguments are JSON texts. */
export interface PythonCall {
  readonly source: string;
  readonly sample: string;
  readonly item: string;
}

export type PythonOutcome =
  | { readonly ok: true; readonly value: number }
  | ({ readonly ok: false } & GraderFailure);

/** What graders cannot do alone. Nothing that goes wrong with a sample is thrown: it is an outcome. */
export interface GraderHost {
  /** Grades with a grader of text alone, under a deadline. */
  readonly text: (grader: unknown, sample: GradeRequest) => Promise<Grade>;
  readonly chat: (question: ChatQuestion) => Promise<ChatOutcome>;
  readonly python: (call: PythonCall) => Promise<PythonOutcome>;
}

/** A grader of any type, which asks its host for what it needs. */
export interface HostedGrader {
  readonly name: string;
  /** Every completion gets a grade; `ungradedBy` tells whether it is a reward. Throws only what its host throws. */
  grade(sample: GradeRequest, host: GraderHost): Promise<Grade>;
}

type LeafRule<S> = (spec: S, sample: GradeRequest, host: GraderHost) => Promise<Grade>;

interface Judge<S> {
  readonly build: (spec: S, scope: Scope) => BuiltRequest;
  readonly read: (spec: S, body: string) => Judgement;
  readonly threshold: (spec: S) => number | null;
}

function judged<S extends Extract<AskingGraderSpec, { readonly model: string }>>(
  judge: Judge<S>,
): LeafRule<S> {
  return async (spec, sample, host) => {
    const built = judge.build(spec, scopeOf(sample));
    if (!built.ok) return failedGrade(spec.name, built);
    const answer = await host.chat({ grader: spec, sample, model: spec.model, body: built.body });
    if (!answer.ok) return failedGrade(spec.name, answer);
    const judgement = judge.read(spec, answer.body);
    if (!judgement.ok) return failedGrade(spec.name, judgement);
    const { value, reason } = judgement;
    const passed = passedComponent(spec.name, value, judge.threshold(spec));
    return leafGrade(spec.name, { value, spans: [], reason }, passed);
  };
}

function jsonOf(value: unknown): string | null {
  try {
    return JSON.stringify(value);
  } catch {
    // Nested deeper than this thread's stack.
    return null;
  }
}

const runPython: LeafRule<Extract<AskingGraderSpec, { readonly type: 'python' }>> = async (
  spec,
  request,
  host,
) => {
  const { sample } = scopeOf(request);
  const item = jsonOf(request.item);
  if (item === null) {
    return failedGrade(spec.name, { code: 'item_variable_missing', detail: 'the row is nested too deeply' });
  }
  const call = {
    source: spec.source,
    sample: jsonOf(sample) ?? JSON.stringify({ ...sample, output_json: undefined }),
    item,
  };
  const outcome = await host.python(call);
  if (!outcome.ok) return failedGrade(spec.name, outcome);
  return leafGrade(spec.name, { value: outcome.value, spans: [], reason: `grade gave ${outcome.value}` });
};

const rules: {
  readonly [T in AskingGraderSpec['type']]: LeafRule<Extract<AskingGraderSpec, { readonly type: T }>>;
} = {
  label_model: judged({ build: labelRequest, read: readLabel, threshold: () => null }),
  python: runPython,
  score_model: judged({ build: scoreRequest, read: readScore, threshold: (spec) => spec.pass_threshold }),
};

function gradeAsking<T extends AskingGraderSpec['type']>(
  spec: Extract<AskingGraderSpec, { readonly type: T }>,
  sample: GradeRequest,
  host: GraderHost,
): Promise<Grade> {
  // The row of the spec's own type.
  return rules[spec.type as T](spec, sample, host);
}

function gradeLeaf(
  spec: LeafGraderSpec,
  submitted: unknown,
  sample: GradeRequest,
  host: GraderHost,
): Promise<Grade> {
  if (isTextGrader(spec)) return host.text(submitted, sample);
  if (isJudgedCrpo(spec)) return gradeJudged(spec, submitted, sample, host);
  return gradeAsking(spec, sample, host);
}

/**
 * A grader of any type from a job's description. Graders of text alone, multi ones too, go to the host as a whole.
 * @throws RubricError for a description that is not valid
 */
export function createHostedGrader(spec: unknown): HostedGrader {
  const parsed = parseGraderSpec(spec);
  const { name } = parsed;
  if (parsed.type !== 'multi')
    return { name, grade: (sample, host) => gradeLeaf(parsed, spec, sample, host) };
  if (parsed.graders.every((grader) => isTextGrader(grader.spec))) {
    return { name, grade: (sample, host) => host.text(spec, sample) };
  }
  const formula = formulaOf(parsed);
  return {
    name,
    async grade(sample, host): Promise<Grade> {
      const grades = parsed.graders.map((grader) => gradeLeaf(grader.spec, grader.submitted, sample, host));
      return multiGrade(parsed, formula, await Promise.all(grades));
    },
  };
}
