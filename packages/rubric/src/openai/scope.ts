import type { GradeRequest, Item } from '../grade.js';
import { type GraderFailure, oneLine } from './reasons.js';
import type { Variable } from './template.js';

/** What templates and Python graders see of one completion (fine-tuning specification 4.1). */
export interface Sample {
  readonly output_text: string;
  /** The completion as JSON; absent where it is none. */
  readonly output_json?: unknown;
  /** This platform's completions call no tools and hold no sound. */
  readonly output_tools: readonly unknown[];
  readonly output_audio: null;
  readonly choices: readonly unknown[];
}

export interface Scope {
  readonly item: Item;
  readonly sample: Sample;
}

export type ScopeFailure = { readonly ok: false } & GraderFailure;

function parsed(completion: string): { readonly output_json?: unknown } {
  try {
    return { output_json: JSON.parse(completion) };
  } catch {
    return {};
  }
}

/** What templates see of a completion and its row. */
export function scopeOf({ item, completion }: GradeRequest): Scope {
  let json: { readonly output_json?: unknown } | undefined;
  const sample = {
    output_text: completion,
    output_tools: [],
    output_audio: null,
    choices: [{ index: 0, message: { role: 'assistant', content: completion } }],
    // Most graders never ask for it.
    get output_json() {
      json ??= parsed(completion);
      return json.output_json;
    },
  };
  return { item, sample };
}

/** A value as a text: texts as they are, the rest as JSON; null where it has no text. */
export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    // Nested deeper than this thread's stack.
    return null;
  }
}

function step(value: unknown, key: string | number): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (typeof key === 'number' && !Array.isArray(value)) return undefined;
  // Checked to be an object, whose own fields alone are read.
  return Object.hasOwn(value, key) ? (value as Readonly<Record<string, unknown>>)[key] : undefined;
}

/** The text of a variable, or why it has none. */
export function sampleValue(
  scope: Scope,
  { namespace, path, text }: Variable,
): { readonly ok: true; readonly text: string } | ScopeFailure {
  let value: unknown = scope[namespace];
  for (const [depth, key] of path.entries()) {
    value = step(value, key);
    if (value !== undefined) continue;
    if (namespace === 'item') {
      return { ok: false, code: 'item_variable_missing', detail: `${oneLine(text)} is not in the row` };
    }
    if (depth === 0) return { ok: false, code: 'sample_not_json', detail: 'the completion is not JSON' };
    return {
      ok: false,
      code: 'sample_variable_missing',
      detail: `${oneLine(text)} is not in the completion`,
    };
  }
  const shown = textOf(value);
  if (shown !== null) return { ok: true, text: shown };
  const code = namespace === 'item' ? 'item_variable_missing' : 'sample_variable_missing';
  return { ok: false, code, detail: `${oneLine(text)} is nested too deeply` };
}
