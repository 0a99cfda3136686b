import { EnvironmentError } from '../errors.js';

/** A word in lower case, or a list of such nodes: all that PDDL is made of. */
export type Node = string | readonly Node[];

/** Lists in lists deeper than any game needs; what is deeper is refused, so that readers may recurse. */
const MAX_DEPTH = 64;

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13);
const NEWLINE = 10;
const OPEN = 40;
const CLOSE = 41;
const COMMENT = 59;

/**
 * Reads the one list that a text of PDDL is, in linear time. Words are lower-cased, since PDDL does not tell cases
 * apart, and comments from `;` to the end of the line are left out.
 * @param field what the text is called in messages
 * @throws EnvironmentError ENVIRONMENT_GAME naming the field and line
 */
export function parseSExpression(text: string, field: string): readonly Node[] {
  const stack: Node[][] = [];
  let root: readonly Node[] | null = null;
  let line = 1;
  const refuse = (found: string, wanted: string) =>
    new EnvironmentError('ENVIRONMENT_GAME', field, `${field}: line ${line} has ${found}, want ${wanted}`);

  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (isSpace(code)) {
      if (code === NEWLINE) line++;
      at++;
    } else if (code === COMMENT) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
    } else if (root !== null) {
      throw refuse('more text', 'the end');
    } else if (code === OPEN) {
      if (stack.length === MAX_DEPTH) throw refuse('one list more', `at most ${MAX_DEPTH} in one another`);
      stack.push([]);
      at++;
    } else if (code === CLOSE) {
      const done = stack.pop();
      if (done === undefined) throw refuse("a ')'", "a '(' first");
      const parent = stack.at(-1);
      if (parent === undefined) root = done;
      else parent.push(done);
      at++;
    } else {
      const start = at;
      while (at < text.length && !isBoundary(text.charCodeAt(at))) at++;
      const parent = stack.at(-1);
      if (parent === undefined) throw refuse(`'${text.slice(start, at).slice(0, 40)}'`, "'('");
      parent.push(text.slice(start, at).toLowerCase());
    }
  }
  if (root === null) throw refuse(`its end inside ${stack.length} lists`, "a ')' for each '('");
  return root;
}

const isBoundary = (code: number): boolean =>
  isSpace(code) || code === OPEN || code === CLOSE || code === COMMENT;

/** A node as PDDL, cut short, for messages. */
export function showNode(node: Node): string {
  const write = (value: Node): string =>
    typeof value === 'string' ? value : `(${value.map(write).join(' ')})`;
  const text = write(node);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}

/** The section `(head ...)` of a list, without its head; null where there is none. */
export function sectionOf(list: readonly Node[], head: string): readonly Node[] | null {
  for (const node of list) if (typeof node !== 'string' && node[0] === head) return node.slice(1);
  return null;
}

/** Names with the type that `- type` gives them. */
export interface TypedName {
  readonly name: string;
  readonly type: string;
}

/**
 * Reads `a b - type c - type`; a comma after a type counts as part of it, as PDDL has it.
 * @throws EnvironmentError ENVIRONMENT_GAME naming the field
 */
export function typedNames(nodes: readonly Node[], field: string): TypedName[] {
  const found: TypedName[] = [];
  let waiting: string[] = [];
  const words = nodes.map((node) => {
    if (typeof node === 'string') return node;
    throw new EnvironmentError('ENVIRONMENT_GAME', field, `${field} has ${showNode(node)}, want a name`);
  });
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word !== '-') {
      waiting.push(word);
      continue;
    }
    const type = words[at + 1];
    if (type === undefined)
      throw new EnvironmentError('ENVIRONMENT_GAME', field, `${field} ends with '-', want a type after it`);
    found.push(...waiting.map((name) => ({ name, type })));
    waiting = [];
    at++;
  }
  const [untyped] = waiting;
  if (untyped === undefined) return found;
  throw new EnvironmentError('ENVIRONMENT_GAME', field, `${field}: ${untyped} has no type, want '- type'`);
}
