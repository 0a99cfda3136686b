import { type Finding, MAX_SPANS, type Span } from '../grade.js';

export type StringOperation = 'eq' | 'ilike' | 'like' | 'ne';

interface Comparison {
  readonly holds: boolean;
  /** Where the reference is found in the input. */
  readonly spans: readonly Span[];
  readonly reason: string;
}

/**
 * Lower case with every offset kept: the few characters whose lower case is longer stay as they are.
 */
export function foldCase(text: string): string {
  const lower = text.toLowerCase();
  if (lower.length === text.length) return lower;
  let folded = '';
  for (const char of text) {
    const small = char.toLowerCase();
    folded += small.length === char.length ? small : char;
  }
  return folded;
}

/** Every place of the reference in the input, without overlaps, the first `MAX_SPANS`. */
function placesOf(input: string, reference: string): Span[] {
  const spans: Span[] = [];
  if (reference === '') return spans;
  for (let at = input.indexOf(reference); at !== -1; at = input.indexOf(reference, at + reference.length)) {
    spans.push({ start: at, end: at + reference.length });
    if (spans.length === MAX_SPANS) break;
  }
  return spans;
}

const whole = (text: string): Span[] => (text === '' ? [] : [{ start: 0, end: text.length }]);

function contains(input: string, reference: string, how: string): Comparison {
  const holds = input.includes(reference);
  return {
    holds,
    spans: holds ? placesOf(input, reference) : [],
    reason: `the input ${holds ? 'contains' : 'does not contain'} the reference${how}`,
  };
}

const isEqual = (input: string, reference: string): Comparison => {
  const holds = input === reference;
  return {
    holds,
    spans: holds ? whole(input) : [],
    reason: `the input ${holds ? 'equals' : 'differs from'} the reference`,
  };
};

/** Every operation of string_check (fine-tuning specification 4.2). */
export const stringOperations: {
  readonly [O in StringOperation]: (input: string, reference: string) => Comparison;
} = {
  eq: isEqual,
  ne: (input, reference) => {
    const equal = isEqual(input, reference);
    return { ...equal, holds: !equal.holds };
  },
  like: (input, reference) => contains(input, reference, ''),
  ilike: (input, reference) => contains(foldCase(input), foldCase(reference), ', case aside'),
};

/** 1 where the operation holds, else 0. */
export function stringCheck(operation: StringOperation, input: string, reference: string): Finding {
  const { holds, spans, reason } = stringOperations[operation](input, reference);
  return { value: holds ? 1 : 0, spans, reason };
}
