import { type Finding, MAX_SPANS, type Span } from '../grade.js';
import { findText } from './find-text.js';
import type { Meter } from './meter.js';

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

const whole = (text: string): Span[] => (text === '' ? [] : [{ start: 0, end: text.length }]);

function contains(input: string, reference: string, meter: Meter, how = ''): Comparison {
  const spans = findText(input, reference, { most: MAX_SPANS, meter });
  const holds = reference === '' || spans.length > 0;
  return { holds, spans, reason: `the input ${holds ? 'contains' : 'does not contain'} the reference${how}` };
}

const isEqual = (input: string, reference: string, meter: Meter): Comparison => {
  meter.add(Math.min(input.length, reference.length));
  const holds = input === reference;
  return {
    holds,
    spans: holds ? whole(input) : [],
    reason: `the input ${holds ? 'equals' : 'differs from'} the reference`,
  };
};

/** Every operation of string_check (fine-tuning specification 4.2). */
export const stringOperations: {
  readonly [O in StringOperation]: (input: string, reference: string, meter: Meter) => Comparison;
} = {
  eq: isEqual,
  ne: (input, reference, meter) => {
    const equal = isEqual(input, reference, meter);
    return { ...equal, holds: !equal.holds };
  },
  like: (input, reference, meter) => contains(input, reference, meter),
  ilike: (input, reference, meter) => {
    meter.add(input.length + reference.length);
    return contains(foldCase(input), foldCase(reference), meter, ', case aside');
  },
};

/** 1 where the operation holds, else 0. Takes time linear in the texts. */
export function stringCheck(
  operation: StringOperation,
  texts: { readonly input: string; readonly reference: string },
  meter: Meter,
): Finding {
  const { holds, spans, reason } = stringOperations[operation](texts.input, texts.reference, meter);
  return { value: holds ? 1 : 0, spans, reason };
}
