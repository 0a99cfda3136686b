import { type Fields, isObject } from '../spec-fields.js';
import {
  checkTemplate,
  MAX_TEMPLATE,
  readName,
  readNumber,
  readText,
  refuse,
  refuseUnknown,
} from './fields.js';

export type MessageRole = 'assistant' | 'developer' | 'system' | 'user';

/** A message to the judging model; each text is a template. */
export interface JudgeMessage {
  readonly role: MessageRole;
  readonly texts: readonly string[];
}

/** Sampling of the judging model; null leaves a setting to the endpoint. */
export interface SamplingParams {
  readonly seed: number | null;
  readonly top_p: number | null;
  readonly temperature: number | null;
  /** Spelled as the schema spells it. */
  readonly max_completions_tokens: number | null;
  readonly reasoning_effort: string | null;
}

/** A model gives a number. */
export interface ScoreModelSpec {
  readonly type: 'score_model';
  readonly name: string;
  readonly model: string;
  readonly input: readonly JudgeMessage[];
  readonly sampling_params: SamplingParams;
  /** The number is moved into it. @defaultValue [0, 1] */
  readonly range: readonly [number, number];
  /** A component tells whether the value reaches it; the reward stays the value. */
  readonly pass_threshold: number | null;
}

/** A model chooses a label: 1 where it is one of the passing ones, else 0. */
export interface LabelModelSpec {
  readonly type: 'label_model';
  readonly name: string;
  readonly model: string;
  readonly input: readonly JudgeMessage[];
  readonly labels: readonly string[];
  readonly passing_labels: readonly string[];
}

const MAX_MESSAGES = 32;
const MAX_PARTS = 32;
const MAX_LABELS = 64;
const ROLES: readonly MessageRole[] = ['assistant', 'developer', 'system', 'user'];
/** Parts that hold text; images and sounds are none of a language model's here. */
const TEXT_PARTS = ['input_text', 'output_text'];
const EFFORTS = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh'];

function readPart(part: unknown, path: string): string {
  const text = isObject(part) && TEXT_PARTS.includes(String(part['type'])) ? part['text'] : part;
  if (typeof text !== 'string' || text.length > MAX_TEMPLATE) {
    const types = TEXT_PARTS.join(' or ');
    refuse(path, part, `a string or an object of type ${types} of at most ${MAX_TEMPLATE} characters`);
  }
  checkTemplate(text, path);
  return text;
}

function readMessage(message: unknown, path: string): JudgeMessage {
  if (!isObject(message)) refuse(path, message, 'an object with role and content');
  const role = ROLES.find((one) => one === message['role']);
  if (role === undefined) refuse(`${path}.role`, message['role'], `one of: ${ROLES.join(', ')}`);
  const { type, content } = message;
  if (type !== undefined && type !== 'message') refuse(`${path}.type`, type, "'message'");
  if (!Array.isArray(content)) return { role, texts: [readPart(content, `${path}.content`)] };
  if (content.length === 0 || content.length > MAX_PARTS) {
    refuse(`${path}.content`, content, `1 to ${MAX_PARTS} parts`);
  }
  return { role, texts: content.map((part, at) => readPart(part, `${path}.content.${at}`)) };
}

function readInput(fields: Fields): JudgeMessage[] {
  const { input } = fields;
  if (!Array.isArray(input) || input.length === 0 || input.length > MAX_MESSAGES) {
    refuse('input', input, `a list of 1 to ${MAX_MESSAGES} messages`);
  }
  return input.map((message, at) => readMessage(message, `input.${at}`));
}

function readSampling(fields: Fields): SamplingParams {
  const params = fields['sampling_params'] ?? {};
  if (!isObject(params)) refuse('sampling_params', params, 'an object');
  const known = ['seed', 'top_p', 'temperature', 'max_completions_tokens', 'reasoning_effort'];
  const unknown = Object.keys(params)
    .sort()
    .find((name) => !known.includes(name));
  if (unknown !== undefined) {
    refuse(`sampling_params.${unknown}`, params[unknown], `only ${known.join(', ')} in sampling_params`);
  }
  const number = (name: string, min: number, max: number, isInteger = false): number | null =>
    readNumber(params, name, { min, max, isInteger }, `sampling_params.${name}`);
  const effort = params['reasoning_effort'] ?? null;
  if (effort !== null && !EFFORTS.includes(String(effort))) {
    refuse('sampling_params.reasoning_effort', effort, `one of: ${EFFORTS.join(', ')}`);
  }
  return {
    seed: number('seed', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, true),
    top_p: number('top_p', 0, 1),
    temperature: number('temperature', 0, 2),
    max_completions_tokens: number('max_completions_tokens', 1, 1_000_000, true),
    reasoning_effort: effort === null ? null : String(effort),
  };
}

function readRange(fields: Fields): readonly [number, number] {
  const { range } = fields;
  if (range === undefined || range === null) return [0, 1];
  const [low, high] = Array.isArray(range) ? (range as unknown[]) : [];
  const isGood =
    Array.isArray(range) &&
    range.length === 2 &&
    typeof low === 'number' &&
    typeof high === 'number' &&
    low < high &&
    Math.abs(low) <= 1e6 &&
    Math.abs(high) <= 1e6;
  if (isGood) return [low, high];
  return refuse('range', range, 'two numbers from -1e6 to 1e6, the lower one first');
}

const readModel = (fields: Fields): string => readText(fields, 'model', { least: 1, most: 128 });

/** @throws RubricError naming the field */
export function parseScoreModel(fields: Fields): ScoreModelSpec {
  const known = ['type', 'name', 'model', 'input', 'sampling_params', 'range', 'pass_threshold'];
  refuseUnknown(fields, known, 'score_model');
  const range = readRange(fields);
  return {
    type: 'score_model',
    name: readName(fields),
    model: readModel(fields),
    input: readInput(fields),
    sampling_params: readSampling(fields),
    range,
    pass_threshold: readNumber(fields, 'pass_threshold', { min: range[0], max: range[1] }),
  };
}

function readLabels(fields: Fields, field: string): string[] {
  const labels = fields[field];
  const isGood =
    Array.isArray(labels) &&
    labels.length >= 1 &&
    labels.length <= MAX_LABELS &&
    new Set(labels).size === labels.length &&
    labels.every((label) => typeof label === 'string' && label.length >= 1 && label.length <= 128);
  if (!isGood) refuse(field, labels, `1 to ${MAX_LABELS} different strings of 1 to 128 characters`);
  // Each was checked to be a string.
  return [...labels] as string[];
}

/** @throws RubricError naming the field */
export function parseLabelModel(fields: Fields): LabelModelSpec {
  refuseUnknown(fields, ['type', 'name', 'model', 'input', 'labels', 'passing_labels'], 'label_model');
  const labels = readLabels(fields, 'labels');
  const passing = readLabels(fields, 'passing_labels');
  const stray = passing.find((label) => !labels.includes(label));
  if (stray !== undefined) refuse('passing_labels', stray, 'labels that are in labels too');
  return {
    type: 'label_model',
    name: readName(fields),
    model: readModel(fields),
    input: readInput(fields),
    labels,
    passing_labels: passing,
  };
}
