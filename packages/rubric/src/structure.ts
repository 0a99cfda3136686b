import type { Span } from './grade.js';
import { isWhitespace, type TextScan } from './text-scan.js';

const DX = '<dx>';
const DX_END = '</dx>';
const CONCLUSION = '<conclusion>';
const CONCLUSION_END = '</conclusion>';

/** The tags of the CRPO format (CRPO specification 1.2). */
export const CRPO_TAGS: readonly string[] = [DX, DX_END, CONCLUSION, CONCLUSION_END];

/** Where reasoning and conclusion stand, tags excluded, or why the text has no such structure. */
export type Structure =
  | { readonly found: true; readonly dx: Span; readonly conclusion: Span }
  | { readonly found: false; readonly reason: string };

/**
 * The structure rule of CRPO specification 2.4: the text is a dx block, whitespace only, a conclusion block and
 * nothing else; case-sensitive. The reasoning ends at the first `</dx>` that whitespace and `<conclusion>` follow;
 * the conclusion runs from there to the final `</conclusion>`, so that further blocks inside either are allowed.
 */
export function findStructure(scan: TextScan, within: Span): Structure {
  if (within.end - within.start < DX.length || !scan.hasAt(DX, within.start)) {
    return { found: false, reason: `the text does not begin with ${DX}` };
  }
  const conclusionEnd = within.end - CONCLUSION_END.length;
  if (conclusionEnd < within.start || !scan.hasAt(CONCLUSION_END, conclusionEnd)) {
    return { found: false, reason: `the text does not end with ${CONCLUSION_END}` };
  }
  const dxStart = within.start + DX.length;
  let from = dxStart;
  for (;;) {
    const dxEnd = scan.find(DX_END, from);
    if (dxEnd === -1 || dxEnd >= conclusionEnd) {
      return { found: false, reason: `no ${DX_END} is followed by ${CONCLUSION}` };
    }
    // Whitespace runs after different closing tags do not overlap: the walk stays linear.
    let next = dxEnd + DX_END.length;
    while (next < conclusionEnd && isWhitespace(scan.code(next))) next++;
    const conclusionStart = next + CONCLUSION.length;
    if (conclusionStart <= conclusionEnd && scan.hasAt(CONCLUSION, next)) {
      return {
        found: true,
        dx: { start: dxStart, end: dxEnd },
        conclusion: { start: conclusionStart, end: conclusionEnd },
      };
    }
    from = dxEnd + DX_END.length;
  }
}
