import { type Fields, isObject } from '../spec-fields.js';
import type { LabelModelSpec, ScoreModelSpec } from './model-specs.js';
import { type GraderFailure, oneLine } from './reasons.js';
import { textOf } from './scope.js';

/** What a judging model gave: a value with the reason that it names, or what is wrong with its answer. */
export type Judgement =
  | { readonly ok: true; readonly value: number; readonly reason: string }
  | ({ readonly ok: false } & GraderFailure);

type Content =
  | { readonly ok: true; readonly result: unknown; readonly why: string }
  | ({ readonly ok: false } & GraderFailure);

const isRefusal = (value: unknown): boolean => typeof value === 'string' && value !== '';

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The conclusion of the last step that has one. */
function whyOf(steps: unknown): string {
  const last: unknown = Array.isArray(steps) ? steps.at(-1) : undefined;
  const conclusion = isObject(last) ? last['conclusion'] : undefined;
  return typeof conclusion === 'string' ? oneLine(conclusion) : '';
}

interface FirstChoice {
  readonly message: Fields;
  readonly finish: unknown;
}

function firstChoice(body: string): FirstChoice | null {
  const answer = parsed(body);
  const choices = isObject(answer) ? answer['choices'] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isObject(first) ? first['message'] : undefined;
  return isObject(first) && isObject(message) ? { message, finish: first['finish_reason'] } : null;
}

/** Whether an endpoint's answer holds a completion; one that does not is no answer of the model. */
export function isCompletion(body: string): boolean {
  return firstChoice(body) !== null;
}

function contentOf(body: string, code: 'model_not_number' | 'model_unknown_label'): Content {
  const first = firstChoice(body);
  if (first === null) {
    return {
      ok: false,
      code: 'model_unavailable',
      detail: `the endpoint answered no completion: ${oneLine(body)}`,
    };
  }
  const { message, finish } = first;
  if (isRefusal(message['refusal']) || finish === 'content_filter') {
    const said = message['refusal'];
    return {
      ok: false,
      code: 'model_refusal',
      detail: oneLine(typeof said === 'string' ? said : 'content filter'),
    };
  }
  const { content } = message;
  const judged = typeof content === 'string' ? parsed(content) : undefined;
  if (!isObject(judged)) {
    const found = typeof content === 'string' ? oneLine(content) : 'no text';
    return { ok: false, code, detail: `the answer is no JSON object: ${found}` };
  }
  return { ok: true, result: judged['result'], why: whyOf(judged['steps']) };
}

/**
 * The value of a score_model grader from the endpoint's answer: `result`, moved into the grader's range; what is no
 * number counts as 0 (fine-tuning specification 4.2).
 */
export function readScore(spec: ScoreModelSpec, body: string): Judgement {
  const content = contentOf(body, 'model_not_number');
  if (!content.ok) return content;
  const { result, why } = content;
  if (typeof result !== 'number' || !Number.isFinite(result)) {
    return {
      ok: false,
      code: 'model_not_number',
      detail: `result is ${oneLine(textOf(result) ?? 'absent')}`,
    };
  }
  const [low, high] = spec.range;
  const value = Math.min(high, Math.max(low, result));
  const moved = value === result ? '' : `, moved into ${low} to ${high}`;
  return { ok: true, value, reason: `${spec.model} gave ${result}${moved}${why === '' ? '' : `: ${why}`}` };
}

/** The value of a label_model grader from the endpoint's answer: 1 for a passing label, 0 for another one. */
export function readLabel(spec: LabelModelSpec, body: string): Judgement {
  const content = contentOf(body, 'model_unknown_label');
  if (!content.ok) return content;
  const { result, why } = content;
  if (typeof result !== 'string' || !spec.labels.includes(result)) {
    const found = oneLine(textOf(result) ?? 'absent');
    return { ok: false, code: 'model_unknown_label', detail: `result is ${found}, none of the labels` };
  }
  const passes = spec.passing_labels.includes(result);
  const verdict = `${spec.model} chose ${oneLine(result)}, ${passes ? 'a' : 'no'} passing label`;
  return { ok: true, value: passes ? 1 : 0, reason: why === '' ? verdict : `${verdict}: ${why}` };
}

/** Tokens that an answer reports. */
export interface TokenUsage {
  readonly prompt: number;
  readonly completion: number;
  readonly cached: number;
}

const countOf = (value: unknown): number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : 0;

/** The tokens that an endpoint's answer reports; 0 where it does not. */
export function readUsage(body: string): TokenUsage {
  const answer = parsed(body);
  const usage = isObject(answer) && isObject(answer['usage']) ? answer['usage'] : {};
  const details = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {};
  return {
    prompt: countOf(usage['prompt_tokens']),
    completion: countOf(usage['completion_tokens']),
    cached: countOf(details['cached_tokens']),
  };
}
