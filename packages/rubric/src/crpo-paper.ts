import { accuracy } from './box.js';
import { consistency } from './consistency.js';
import type { CrossReference } from './cross-reference.js';
import type { Finding, GradeComponent, Item } from './grade.js';
import { findStructure } from './structure.js';
import { type TextScan, trimmed } from './text-scan.js';

export interface CrpoPaperInput {
  readonly scan: TextScan;
  readonly item: Item;
  readonly gold: string;
  /** Weight of accuracy. */
  readonly k: number;
  readonly crossReference: CrossReference;
}

/** Clinical reasoning: 1 for the structure, 0.5 more for a conclusion that cites its reasoning, else 0. */
function clinicalReasoning(input: CrpoPaperInput, within: { start: number; end: number }): Finding {
  const structure = findStructure(input.scan, within);
  if (!structure.found) return { value: 0, spans: [], reason: structure.reason };
  const { dx, conclusion } = structure;
  const { scan, item } = input;
  const reference = input.crossReference({ scan, dx, conclusion, item });
  return {
    value: reference.value > 0 ? 1.5 : 1,
    spans: reference.spans.length > 0 ? reference.spans : [dx, conclusion],
    reason: `dx and conclusion in place; ${reference.reason}`,
  };
}

/**
 * The components of CRPO's published reward, r = k * accuracy + clinical_reasoning + 0.5 * consistency (CRPO
 * specification 2.3). Whitespace around the completion is not part of it.
 */
export function crpoPaperComponents(input: CrpoPaperInput): GradeComponent[] {
  const within = trimmed(input.scan);
  return [
    { name: 'accuracy', weight: input.k, ...accuracy(input.scan, within, input.gold) },
    { name: 'clinical_reasoning', weight: 1, ...clinicalReasoning(input, within) },
    { name: 'consistency', weight: 0.5, ...consistency(input.scan, within) },
  ];
}
