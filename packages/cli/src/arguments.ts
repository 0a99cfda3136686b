import { parseArgs } from 'node:util';
import { CliError, messageOf } from './errors.js';

/** One `--name value` argument: how it is read and what a good value looks like. */
export interface Flag<T> {
  /** For messages and help: "want ...". */
  readonly wanted: string;
  readonly fallback: T;
  /** The value, or undefined where the text is not one. */
  readonly parse: (text: string) => T | undefined;
  /** Whether the argument is the name alone, which `parse` gets as `true`. */
  readonly isSwitch?: true;
}

export type FlagTable = Readonly<Record<string, Flag<unknown>>>;

/** What a table of flags reads as. */
export type FlagValues<T extends FlagTable> = {
  readonly [K in keyof T]: T[K] extends Flag<infer V> ? V : never;
};

/** A whole number of a range. */
export function integerFlag(min: number, max: number, fallback: number): Flag<number> {
  return {
    wanted: `an integer from ${min} to ${max}`,
    fallback,
    parse: (text) => {
      const value = Number(text);
      return /^[0-9]+$/.test(text) && value >= min && value <= max ? value : undefined;
    },
  };
}

/** A text that must not be empty. */
export function textFlag(wanted: string, fallback: string): Flag<string> {
  return { wanted, fallback, parse: (text) => (text === '' ? undefined : text) };
}

/** An argument without a value: whether it is there. */
export function switchFlag(): Flag<boolean> {
  return { wanted: 'no value', fallback: false, isSwitch: true, parse: (text) => text === 'true' };
}

/**
 * Reads `--name value` and `--name=value` arguments.
 * @throws CliError CLI_USAGE naming the argument, what was found and what was wanted
 */
export function readFlags<T extends FlagTable>(table: T, args: readonly string[]): FlagValues<T> {
  const options = Object.fromEntries(
    Object.entries(table).map(([name, { isSwitch }]) => [
      name,
      { type: isSwitch ? ('boolean' as const) : ('string' as const) },
    ]),
  );
  let given: Readonly<Record<string, string | boolean | undefined>>;
  try {
    given = parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values;
  } catch (error) {
    const known = Object.keys(table).map((name) => `--${name}`);
    throw new CliError('CLI_USAGE', `${messageOf(error)}; known: ${known.join(', ')}`, { cause: error });
  }
  const values = Object.entries(table).map(([name, flag]) => {
    const found = given[name];
    if (found === undefined) return [name, flag.fallback];
    const text = String(found);
    const value = flag.parse(text);
    if (value !== undefined) return [name, value];
    throw new CliError('CLI_USAGE', `--${name} is ${JSON.stringify(text)}, want ${flag.wanted}`);
  });
  // Each value was parsed by the flag of its name.
  return Object.fromEntries(values) as FlagValues<T>;
}
