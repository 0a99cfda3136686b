import type { Grade, GradeComponent, Span } from '@residency/rubric';
import { EvaluationError } from '../errors.js';
import { measureNames } from '../judge/measures.js';
import type { Answer, Judgement, Outcome } from '../outcome.js';
import { at, type Field, flag, list, nullable, number, oneOf, refuse, text, texts, whole } from './fields.js';
import {
  type EvaluatedModel,
  type EvaluatedRun,
  type EvaluationSettings,
  type NamedWeights,
  REPORT_KIND,
  REPORT_VERSION,
} from './report.js';

function weights(field: Field): NamedWeights {
  return { name: text(at(field, 'name')), sha256: text(at(field, 'sha256')) };
}

const model = (field: Field): EvaluatedModel => ({
  ...weights(field),
  adapter: nullable(at(field, 'adapter'), weights),
});

const settings = (field: Field): EvaluationSettings => ({
  samples: whole(at(field, 'samples')),
  temperature: number(at(field, 'temperature')),
  topP: number(at(field, 'topP')),
  maxTokens: whole(at(field, 'maxTokens')),
  seed: whole(at(field, 'seed')),
  profile: text(at(field, 'profile')),
});

function span(field: Field): Span {
  const [start, end] = [whole(at(field, 'start')), whole(at(field, 'end'))];
  return end >= start ? { start, end } : refuse(field, 'an end that is not before the start');
}

const component = (field: Field): GradeComponent => ({
  name: text(at(field, 'name')),
  value: number(at(field, 'value')),
  weight: number(at(field, 'weight')),
  spans: list(at(field, 'spans'), span),
  reason: text(at(field, 'reason')),
});

const grade = (field: Field): Grade => ({
  total: number(at(field, 'total')),
  components: list(at(field, 'components'), component),
});

function judgement(field: Field): Judgement {
  const count = nullable(at(field, 'count'), whole);
  const outcome = oneOf(at(field, 'outcome'), ['counted', 'unparsable', 'failed']);
  if ((count === null) === (outcome === 'counted'))
    refuse(field, 'a count where it is counted, and only there');
  return {
    judge: text(at(field, 'judge')),
    measure: oneOf(at(field, 'measure'), measureNames),
    count,
    outcome,
  };
}

const answer = (field: Field): Answer => ({
  completion: text(at(field, 'completion')),
  letter: nullable(at(field, 'letter'), text),
  valid: flag(at(field, 'valid')),
  correct: flag(at(field, 'correct')),
  tokens: whole(at(field, 'tokens')),
  truncated: flag(at(field, 'truncated')),
  grade: nullable(at(field, 'grade'), grade),
  judgements: list(at(field, 'judgements'), judgement),
});

function outcome(field: Field): Outcome {
  const answers = list(at(field, 'answers'), answer);
  if (answers.length === 0) refuse(at(field, 'answers'), 'at least one answer');
  return {
    id: text(at(field, 'id')),
    question: text(at(field, 'question')),
    options: nullable(at(field, 'options'), texts),
    gold: text(at(field, 'gold')),
    subject: nullable(at(field, 'subject'), text),
    answers,
  };
}

function parse(json: string, what: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw new EvaluationError('EVALUATION_REPORT', `${what}: not JSON, want a report.json`, { cause });
  }
}

/**
 * Reads the model, settings and answers of a report.json again, to compare others with; figures are computed anew.
 * @param what names the file in errors
 * @throws EvaluationError EVALUATION_REPORT naming the field, what was found and what was wanted
 */
export function readReport(json: string, what: string): EvaluatedRun {
  const root = { value: parse(json, what), place: what };
  oneOf(at(root, 'kind'), [REPORT_KIND]);
  const version = at(root, 'version');
  if (version.value !== REPORT_VERSION) refuse(version, `${REPORT_VERSION}`);
  return {
    model: model(at(root, 'model')),
    settings: settings(at(root, 'settings')),
    outcomes: list(at(root, 'outcomes'), outcome),
  };
}
