import { EnvironmentError } from '../errors.js';

/** One way to write a symbol, taken where its condition holds, if it has one. */
export interface GrammarRule {
  readonly condition: string | null;
  readonly rhs: string;
}

/** The text grammar of a game: how commands look, and what is said. */
export interface Grammar {
  /** Command templates and feedback by the lower-case name of the action. */
  readonly actions: ReadonlyMap<string, { readonly template: string; readonly feedback: string }>;
  readonly symbols: ReadonlyMap<string, readonly GrammarRule[]>;
}

const FIELD = 'grammar';
const refuse = (message: string) => new EnvironmentError('ENVIRONMENT_GAME', FIELD, `${FIELD}: ${message}`);

const QUOTES = '"""';
const isWordPart = (char: string | undefined): boolean => char !== undefined && /[A-Za-z0-9_]/.test(char);

/** Reads TWL2 from the front; each method takes what it names, in time linear in what it takes. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    this.#skip();
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  /** Takes a mark if it is next. */
  accepts(mark: string): boolean {
    if (!this.#text.startsWith(mark, this.#at)) return false;
    this.#at += mark.length;
    this.#skip();
    return true;
  }

  expect(mark: string): void {
    if (!this.accepts(mark)) throw this.#refuse(`'${mark}'`);
  }

  word(): string {
    const start = this.#at;
    while (isWordPart(this.#text[this.#at])) this.#at++;
    if (this.#at === start) throw this.#refuse('a word');
    const found = this.#text.slice(start, this.#at);
    this.#skip();
    return found;
  }

  /** Text in three or in single double quotes, as it is written. */
  quoted(): string {
    const mark = this.#text.startsWith(QUOTES, this.#at) ? QUOTES : '"';
    if (!this.#text.startsWith(mark, this.#at)) throw this.#refuse('a text in quotes');
    const start = this.#at + mark.length;
    const end = this.#text.indexOf(mark, start);
    if (end < 0) throw this.#refuse(`a text with ${mark} after it`);
    this.#at = end + mark.length;
    this.#skip();
    return this.#text.slice(start, end);
  }

  #skip(): void {
    for (;;) {
      while (this.#at < this.#text.length && this.#text.charCodeAt(this.#at) <= 32) this.#at++;
      if (!this.#text.startsWith('//', this.#at)) return;
      const end = this.#text.indexOf('\n', this.#at);
      this.#at = end < 0 ? this.#text.length : end;
    }
  }

  #refuse(wanted: string): EnvironmentError {
    const line = this.#text.slice(0, this.#at).split('\n').length;
    const found = this.isAtEnd ? 'its end' : JSON.stringify(this.#text.slice(this.#at, this.#at + 20));
    return refuse(`line ${line} has ${found}, want ${wanted}`);
  }
}

function addSymbols(json: string, symbols: Map<string, readonly GrammarRule[]>): void {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (cause) {
    throw refuse(`its symbols are not JSON (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw refuse('its symbols are not a JSON object');
  for (const [symbol, rules] of Object.entries(parsed)) {
    if (!Array.isArray(rules)) throw refuse(`symbol '${symbol}' has no list of rules`);
    symbols.set(
      symbol,
      rules.map((rule: unknown) => {
        const { rhs, condition = null } = (rule ?? {}) as Record<string, unknown>; // fields are checked here
        if (typeof rhs !== 'string') throw refuse(`symbol '${symbol}' has a rule without the text rhs`);
        if (condition !== null && typeof condition !== 'string')
          throw refuse(`symbol '${symbol}' has a condition that is no text`);
        return { condition, rhs };
      }),
    );
  }
}

/**
 * Reads a grammar in TWL2: `grammar :: """..."""` and `action NAME { template :: "..."; feedback :: "..."; }`.
 * @throws EnvironmentError ENVIRONMENT_GAME naming the line or symbol
 */
export function parseGrammar(text: string): Grammar {
  const reader = new Reader(text);
  const actions = new Map<string, { template: string; feedback: string }>();
  const symbols = new Map<string, readonly GrammarRule[]>();
  const rules = (): void => {
    reader.expect('::');
    addSymbols(reader.quoted(), symbols);
    reader.accepts(';');
  };
  while (!reader.isAtEnd) {
    if (reader.accepts('grammar')) {
      rules();
      continue;
    }
    reader.expect('action');
    const name = reader.word();
    const texts: Record<string, string> = {};
    reader.expect('{');
    while (!reader.accepts('}')) {
      if (reader.accepts('grammar')) {
        rules();
        continue;
      }
      const field = reader.word();
      reader.expect('::');
      texts[field] = reader.quoted();
      reader.accepts(';');
    }
    const { template, feedback } = texts;
    if (template === undefined || feedback === undefined)
      throw refuse(`action ${name} lacks a template or feedback, want both`);
    actions.set(name.toLowerCase(), { template, feedback });
  }
  return { actions, symbols };
}
