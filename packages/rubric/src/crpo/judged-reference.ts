import type { Grade, GradeRequest } from '../grade.js';
import type { GraderHost } from '../hosted-grader.js';
import { failedGrade } from '../openai/leaf-grade.js';
import { readLabel } from '../openai/model-answer.js';
import { labelRequest } from '../openai/model-request.js';
import type { LabelModelSpec } from '../openai/model-specs.js';
import { isUngraded } from '../openai/reasons.js';
import { scopeOf } from '../openai/scope.js';
import type { Fields } from '../spec-fields.js';
import { findStructure } from '../structure.js';
import { TextScan, trimmed } from '../text-scan.js';
import type { CrossReferenceSpec, CrpoGraderSpec } from './spec.js';

const CITES = 'cites';

/** What a judge is asked; fixed, so that verdicts can be compared over time. */
const QUESTION = (reasoning: string, answer: string): string =>
  [
    'You read the answer of a clinical model. It has a reasoning part and a conclusion part.',
    `The reasoning stands in <${reasoning}> tags, the conclusion in <${answer}> tags.`,
    'Decide whether the conclusion rests on its reasoning: it names findings or steps of the reasoning, and its choice follows from them.',
    'A conclusion that only repeats the choice, names findings that the reasoning does not have, or contradicts it does not cite its reasoning.',
    '',
    'The answer:',
    '{{sample.output_text}}',
  ].join('\n');

/** The judge of a grader as a labelling one: the same request, limits, cache and reasons serve both. */
function judgeOf({ name, tags }: CrpoGraderSpec, model: string): LabelModelSpec {
  return {
    type: 'label_model',
    name: `${name}.crossref`,
    model,
    labels: [CITES, 'does_not_cite'],
    passing_labels: [CITES],
    input: [{ role: 'user', texts: [QUESTION(tags.reasoning, tags.answer)] }],
  };
}

/**
 * Grades a completion whose cross-reference a model judges: the verdict is written into the row, which the grader then reads.
 * A completion without the structure has no bonus to earn, and the model is not asked.
 */
export async function gradeJudged(
  spec: CrpoGraderSpec & { readonly crossref: Extract<CrossReferenceSpec, { readonly test: 'judge' }> },
  submitted: unknown,
  sample: GradeRequest,
  host: GraderHost,
): Promise<Grade> {
  const { item, completion } = sample;
  const scan = new TextScan(completion);
  // What was parsed is an object.
  const reading = { ...(submitted as Fields), crossref: 'stated' };
  if (!findStructure(scan, trimmed(scan), spec.tags).found) return await host.text(reading, sample);
  const judge = judgeOf(spec, spec.crossref.model);
  const built = labelRequest(judge, scopeOf(sample));
  if (!built.ok) return failedGrade(spec.name, built);
  const answer = await host.chat({ grader: judge, sample, model: judge.model, body: built.body });
  if (!answer.ok) return failedGrade(spec.name, answer);
  const judgement = readLabel(judge, answer.body);
  if (!judgement.ok && isUngraded(judgement.code)) return failedGrade(spec.name, judgement);
  // An answer that is no verdict earns no bonus, and costs nothing else.
  const [cites, why] = judgement.ok ? [judgement.value > 0, judgement.reason] : [false, judgement.detail];
  const stated = { crossref: cites, crossref_reason: why };
  return await host.text(reading, { item: { ...item, ...stated }, completion });
}
