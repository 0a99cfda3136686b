/** An action as its text says it. */
export interface ParsedAction {
  /** What stands before the brackets, as written. */
  readonly name: string;
  /** What stands in the brackets, in lower case; at least one character. */
  readonly argument: string;
}

/**
 * Reads `name[argument]`: brackets are greedy, so that the name goes up to the last `[` of the first line that a later
 * `]` can close; what follows the last `]` is ignored. Null for any other text. Time grows linearly with the text.
 * Source: specs/webshop.md section 4.
 */
export function parseAction(text: string): ParsedAction | null {
  const newline = text.indexOf('\n');
  const line = newline === -1 ? text : text.slice(0, newline);
  const close = line.lastIndexOf(']');
  const open = close < 2 ? -1 : line.lastIndexOf('[', close - 2);
  if (open < 1) return null;
  return { name: line.slice(0, open), argument: line.slice(open + 1, close).toLowerCase() };
}
