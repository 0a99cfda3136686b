/** Characters of a formula at most. */
export const MAX_FORMULA = 2_000;
const MAX_NESTING = 64;

/** A formula over the values of sub-graders, compiled. */
export interface Formula {
  /** Names that it reads, sorted. */
  readonly names: readonly string[];
  /** Its value, which may be no finite number: 1/0, log(-1). */
  readonly evaluate: (values: ReadonlyMap<string, number>) => number;
}

export type CompiledFormula =
  | { readonly ok: true; readonly formula: Formula }
  | { readonly ok: false; readonly problem: string };

interface FormulaFunction {
  /** Arguments at least and at most. */
  readonly least: number;
  readonly most: number;
  readonly apply: (values: readonly number[]) => number;
}

const unary = (apply: (value: number) => number): FormulaFunction => ({
  least: 1,
  most: 1,
  apply: ([value = Number.NaN]) => apply(value),
});

export type FormulaFunctionName = 'abs' | 'ceil' | 'exp' | 'floor' | 'log' | 'max' | 'min' | 'sqrt';

const fold = (pick: (left: number, right: number) => number): FormulaFunction => ({
  least: 1,
  most: 32,
  apply: (values) => values.reduce((left, right) => pick(left, right)),
});

/** The functions of a formula (fine-tuning specification 4.2); `log` is the natural logarithm. */
export const formulaFunctions: { readonly [F in FormulaFunctionName]: FormulaFunction } = {
  abs: unary(Math.abs),
  ceil: unary(Math.ceil),
  exp: unary(Math.exp),
  floor: unary(Math.floor),
  log: unary(Math.log),
  max: fold(Math.max),
  min: fold(Math.min),
  sqrt: unary(Math.sqrt),
};

const functionOf = (name: string): FormulaFunction | undefined =>
  Object.hasOwn(formulaFunctions, name) ? formulaFunctions[name as FormulaFunctionName] : undefined; // an own key

/** Whether a sub-grader can have this name: a formula must be able to write it. */
export function isFormulaName(name: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name) && functionOf(name) === undefined;
}

interface Token {
  readonly kind: 'number' | 'name' | 'sign' | 'end';
  readonly text: string;
  readonly at: number;
}

const PATTERN =
  /\s*(?:(?<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)|(?<name>[A-Za-z_][A-Za-z0-9_]*)|(?<sign>[-+*/^(),]))/y;

class FormulaProblem extends Error {}

function wrong(token: Token, wanted: string): never {
  const found = token.kind === 'end' ? 'the end' : `'${token.text}'`;
  throw new FormulaProblem(`at character ${token.at}: found ${found}, wanted ${wanted}`);
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const pattern = new RegExp(PATTERN);
  const end = text.trimEnd().length;
  while (pattern.lastIndex < end) {
    const from = pattern.lastIndex;
    const match = pattern.exec(text);
    if (match === null) {
      const at = from + (text.slice(from).length - text.slice(from).trimStart().length);
      wrong({ kind: 'sign', text: text.charAt(at), at }, 'a number, a name or one of + - * / ^ ( ) ,');
    }
    const { number, name, sign = '' } = match.groups ?? {};
    const found = number ?? name ?? sign;
    const kind = number !== undefined ? 'number' : name !== undefined ? 'name' : 'sign';
    tokens.push({ kind, text: found, at: pattern.lastIndex - found.length });
  }
  tokens.push({ kind: 'end', text: '', at: text.length });
  return tokens;
}

/** One operation on the stack of values. */
type Operation = (stack: number[], values: ReadonlyMap<string, number>) => void;

const binary =
  (apply: (left: number, right: number) => number): Operation =>
  (stack) => {
    const right = stack.pop() ?? Number.NaN;
    const left = stack.pop() ?? Number.NaN;
    stack.push(apply(left, right));
  };

interface Operator {
  readonly level: number;
  /** Of equal levels the right one first: 2^3^2 = 2^9. */
  readonly isRight: boolean;
  readonly operation: Operation;
}

const operators: ReadonlyMap<string, Operator> = new Map([
  ['+', { level: 1, isRight: false, operation: binary((a, b) => a + b) }],
  ['-', { level: 1, isRight: false, operation: binary((a, b) => a - b) }],
  ['*', { level: 2, isRight: false, operation: binary((a, b) => a * b) }],
  ['/', { level: 2, isRight: false, operation: binary((a, b) => a / b) }],
  ['^', { level: 4, isRight: true, operation: binary((a, b) => a ** b) }],
]);

/** Of a sign before a value: -2^2 = -4, and 2*-3 = -6. */
const SIGN_LEVEL = 3;

const negate: Operation = (stack) => {
  stack.push(-(stack.pop() ?? Number.NaN));
};

/** Turns tokens into operations by precedence climbing: each token is read once. */
class Compiler {
  readonly operations: Operation[] = [];
  readonly names: Set<string> = new Set();
  readonly #tokens: readonly Token[];
  readonly #known: ReadonlySet<string>;
  #next = 0;
  #nesting = 0;

  constructor(tokens: readonly Token[], known: ReadonlySet<string>) {
    this.#tokens = tokens;
    this.#known = known;
  }

  compile(): void {
    this.#expression(0);
    if (this.#peek().kind !== 'end') wrong(this.#peek(), 'an operator or the end');
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: 'end', text: '', at: 0 };
  }

  #take(sign: string, wanted: string): void {
    const token = this.#peek();
    if (token.kind !== 'sign' || token.text !== sign) wrong(token, wanted);
    this.#next++;
  }

  #isSign(text: string): boolean {
    const token = this.#peek();
    return token.kind === 'sign' && token.text === text;
  }

  #expression(level: number): void {
    if (++this.#nesting > MAX_NESTING) wrong(this.#peek(), `at most ${MAX_NESTING} levels of nesting`);
    this.#operand();
    for (;;) {
      const token = this.#peek();
      const operator = token.kind === 'sign' ? operators.get(token.text) : undefined;
      if (operator === undefined || operator.level < level) break;
      this.#next++;
      this.#expression(operator.isRight ? operator.level : operator.level + 1);
      this.operations.push(operator.operation);
    }
    this.#nesting--;
  }

  #operand(): void {
    const token = this.#peek();
    if (this.#isSign('-') || this.#isSign('+')) {
      this.#next++;
      this.#expression(SIGN_LEVEL);
      if (token.text === '-') this.operations.push(negate);
      return;
    }
    if (this.#isSign('(')) {
      this.#next++;
      this.#expression(0);
      this.#take(')', "an operator or ')'");
      return;
    }
    if (token.kind === 'sign' || token.kind === 'end') wrong(token, 'a number, a name or (');
    this.#next++;
    if (token.kind === 'number') {
      const value = Number(token.text);
      this.operations.push((stack) => stack.push(value));
      return;
    }
    const called = this.#isSign('(') ? functionOf(token.text) : undefined;
    if (called !== undefined) this.#call(token, called);
    else this.#name(token);
  }

  #name(token: Token): void {
    const { text } = token;
    if (!this.#known.has(text)) {
      const names = [...this.#known].sort().join(', ');
      const functions = Object.keys(formulaFunctions).sort().join(', ');
      wrong(token, `a grader (${names}) or a function (${functions}) of something`);
    }
    this.names.add(text);
    this.operations.push((stack, values) => stack.push(values.get(text) ?? Number.NaN));
  }

  #call(token: Token, { least, most, apply }: FormulaFunction): void {
    this.#take('(', '(');
    let count = 1;
    this.#expression(0);
    while (this.#isSign(',')) {
      this.#next++;
      this.#expression(0);
      count++;
    }
    this.#take(')', "an operator, ',' or ')'");
    if (count < least || count > most) {
      wrong(token, `${token.text} of ${least === most ? least : `${least} to ${most}`}, not of ${count}`);
    }
    this.operations.push((stack) => {
      stack.push(apply(stack.splice(stack.length - count, count)));
    });
  }
}

/**
 * Compiles `calculate_output` of a multi grader (fine-tuning specification 4.2): numbers, names of sub-graders,
 * `+ - * / ^`, parentheses and functions. `^` binds most and to the right, then signs, then `*` and `/`. Takes time
 * linear in the text, compiled and evaluated.
 * @param known names of the sub-graders
 */
export function compileFormula(text: string, known: ReadonlySet<string>): CompiledFormula {
  if (text.length > MAX_FORMULA) {
    return { ok: false, problem: `it has ${text.length} characters, want at most ${MAX_FORMULA}` };
  }
  try {
    const compiler = new Compiler(tokensOf(text), known);
    compiler.compile();
    const { operations, names } = compiler;
    const evaluate = (values: ReadonlyMap<string, number>): number => {
      const stack: number[] = [];
      for (const operation of operations) operation(stack, values);
      return stack.pop() ?? Number.NaN;
    };
    return { ok: true, formula: { names: [...names].sort(), evaluate } };
  } catch (error) {
    if (error instanceof FormulaProblem) return { ok: false, problem: error.message };
    throw error;
  }
}
