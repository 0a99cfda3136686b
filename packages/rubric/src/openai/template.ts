import type { Span } from '../grade.js';
import { type Scope, type ScopeFailure, sampleValue } from './scope.js';

/** `{{ item.x }}`: where a value is found. */
export interface Variable {
  readonly namespace: 'item' | 'sample';
  /** Names of fields and places in lists, at least one. */
  readonly path: readonly (string | number)[];
  /** As written, without braces and the space around it. */
  readonly text: string;
}

/** Texts and variables in turn, as they stand. */
export type Template = readonly (string | Variable)[];

export type ParsedTemplate =
  | { readonly ok: true; readonly template: Template }
  | { readonly ok: false; readonly problem: string };

/** Variables of one template at most. */
export const MAX_VARIABLES = 64;
/** Characters of a text that a template makes at most. */
export const MAX_RENDERED: number = 4 * 2 ** 20;

/** What a completion offers to templates (fine-tuning specification 4.1). */
export const SAMPLE_FIELDS: readonly string[] = [
  'output_text',
  'output_json',
  'output_tools',
  'choices',
  'output_audio',
];

const isNameEnd = (char: string): boolean => char === '.' || char === '[' || char === ']';

/** The steps of `x.y[0]`, or null where it is no path. Reads each character once. */
function parsePath(text: string): (string | number)[] | null {
  const path: (string | number)[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === '[') {
      const end = text.indexOf(']', at);
      const digits = text.slice(at + 1, end);
      if (end === -1 || digits.length > 9 || !/^[0-9]+$/.test(digits)) return null;
      path.push(Number(digits));
      at = end + 1;
      continue;
    }
    if (path.length > 0) {
      if (text[at] !== '.') return null;
      at++;
    }
    const start = at;
    while (at < text.length && !isNameEnd(text.charAt(at))) at++;
    if (at === start) return null;
    path.push(text.slice(start, at));
  }
  return path;
}

function parseVariable(inside: string): Variable | string {
  const text = inside.trim();
  const path = parsePath(text);
  const [namespace, ...rest] = path ?? [];
  const shown = `{{${text.length > 40 ? `${text.slice(0, 37)}...` : text}}}`;
  if (path === null || /[\s{}]/.test(text))
    return `${shown} is not a path like item.answer or sample.output_json.a[0]`;
  if (namespace !== 'item' && namespace !== 'sample') return `${shown} begins with neither item nor sample`;
  const [field] = rest;
  if (field === undefined) return `${shown} names no field of ${namespace}`;
  if (namespace === 'sample' && !SAMPLE_FIELDS.includes(String(field))) {
    return `${shown}: sample has only ${SAMPLE_FIELDS.join(', ')}`;
  }
  return { namespace, path: rest, text };
}

/**
 * A text with `{{ item.x }}` and `{{ sample.x }}` in it (fine-tuning specification 4.1); space inside the braces is
 * optional, nesting is `.name` and `[0]`. Takes time linear in the text.
 */
export function parseTemplate(text: string): ParsedTemplate {
  const template: (string | Variable)[] = [];
  let variables = 0;
  let from = 0;
  for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', from)) {
    const close = text.indexOf('}}', open + 2);
    if (close === -1) return { ok: false, problem: `the braces at character ${open} are not closed` };
    const variable = parseVariable(text.slice(open + 2, close));
    if (typeof variable === 'string') return { ok: false, problem: variable };
    if (++variables > MAX_VARIABLES) return { ok: false, problem: `more than ${MAX_VARIABLES} variables` };
    if (open > from) template.push(text.slice(from, open));
    template.push(variable);
    from = close + 2;
  }
  if (from < text.length) template.push(text.slice(from));
  return { ok: true, template };
}

/** A text made from a template, and where in it the completion stands. */
export interface Rendered {
  readonly ok: true;
  readonly text: string;
  readonly places: readonly Span[];
}

const isOutputText = ({ namespace, path }: Variable): boolean =>
  namespace === 'sample' && path.length === 1 && path[0] === 'output_text';

/** Fills in a template: texts as they are, everything else as JSON. */
export function render(template: Template, scope: Scope): Rendered | ScopeFailure {
  const places: Span[] = [];
  let text = '';
  for (const part of template) {
    if (typeof part === 'string') {
      text += part;
      continue;
    }
    const value = sampleValue(scope, part);
    if (!value.ok) return value;
    if (text.length + value.text.length > MAX_RENDERED) {
      return {
        ok: false,
        code: 'text_too_long',
        detail: `a template makes more than ${MAX_RENDERED} characters`,
      };
    }
    if (isOutputText(part)) places.push({ start: text.length, end: text.length + value.text.length });
    text += value.text;
  }
  return { ok: true, text, places };
}

/** Evidence in a rendered text as evidence in the completion; what lies outside it is left out. */
export function spansInCompletion(spans: readonly Span[], places: readonly Span[]): Span[] {
  return places.flatMap((place) =>
    spans.flatMap(({ start, end }) => {
      const from = Math.max(start, place.start) - place.start;
      const to = Math.min(end, place.end) - place.start;
      return from < to ? [{ start: from, end: to }] : [];
    }),
  );
}
