import type { Section } from '../cross-reference.js';
import type { Item, Span } from '../grade.js';
import type { Lexicon } from '../lexicon.js';
import type { TextScan } from '../text-scan.js';
import type { Boxes } from './boxes.js';
import type { CrpoGraderSpec } from './spec.js';

/** The two blocks of a completion with their words, or why it has no such structure. */
export type Blocks =
  | { readonly found: true; readonly reasoning: Section; readonly answer: Section }
  | { readonly found: false; readonly reason: string };

/** A completion as the rules of a profile see it: read once, shared by all of them. */
export interface Reading {
  readonly spec: CrpoGraderSpec;
  readonly item: Item;
  readonly scan: TextScan;
  /** The text without the whitespace around it. */
  readonly within: Span;
  readonly blocks: Blocks;
  readonly boxes: Boxes;
  /** The words of this completion by number. */
  readonly lexicon: Lexicon;
  /** Whether it is of the 96 characters of the released scorer alone, as most completions are. */
  readonly isPlain: boolean;
}
