import { parseArgs } from 'node:util';
import { CliError, messageOf } from './errors.js';

/** One `--name value` argument, or a `--name` alone: how it is read and what a good value looks like. */
export interface Flag<T> {
  /** For messages and help: "want ...". */
  readonly wanted: string;
  readonly fallback: T;
  /** True for an argument that takes no value, and reads as 'true' where it is given. */
  readonly isSwitch?: true;
  /** True for an argument that must be given, whose fallback is never used. */
  readonly isRequired?: true;
  /** The value, or undefined where the text is not one. */
  readonly parse: (text: string) => T | undefined;
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

/** A number without a sign, written in decimals, of a range that `wanted` describes. */
export function numberFlag(
  wanted: string,
  isAllowed: (value: number) => boolean,
  fallback: number,
): Flag<number> {
  return {
    wanted,
    fallback,
    parse: (text) => {
      const value = Number(text);
      return /^[0-9]+(\.[0-9]+)?$/.test(text) && isAllowed(value) ? value : undefined;
    },
  };
}

/** A flag that may be left out: null where it is. */
export const optionalFlag = <T>({ wanted, parse }: Flag<T>): Flag<T | null> => ({
  wanted,
  parse,
  fallback: null,
});

/** One of a few words. */
export function choiceFlag<T extends string, D extends T | null>(
  choices: readonly T[],
  fallback: D,
): Flag<T | D> {
  return {
    wanted: choices.join(' or '),
    fallback,
    parse: (text) => choices.find((choice) => choice === text),
  };
}

/** A text that must not be empty. */
export function textFlag(wanted: string, fallback: string): Flag<string> {
  return { wanted, fallback, parse: (text) => (text === '' ? undefined : text) };
}

/** A text that must be given. */
export const requiredFlag = (wanted: string): Flag<string> => ({ ...textFlag(wanted, ''), isRequired: true });

/** A `--name` without a value: whether it is given. */
export const switchFlag: Flag<boolean> = {
  wanted: 'no value',
  fallback: false,
  isSwitch: true,
  parse: () => true,
};

/** What a command line reads as: values of flags, and operands by their names. */
export interface Arguments<T extends FlagTable, N extends string> {
  readonly flags: FlagValues<T>;
  readonly operands: Readonly<Record<N, string>>;
}

/**
 * Reads `--name value`, `--name=value` and `--name` arguments.
 * @throws CliError CLI_USAGE naming the argument, what was found and what was wanted
 */
export function readFlags<T extends FlagTable>(table: T, args: readonly string[]): FlagValues<T> {
  return readArguments(table, [], args).flags;
}

/**
 * Reads flags and, anywhere between them, one value for each name of `operands`.
 * @throws CliError CLI_USAGE naming the argument, what was found and what was wanted
 */
export function readArguments<T extends FlagTable, N extends string>(
  table: T,
  operands: readonly N[],
  args: readonly string[],
): Arguments<T, N> {
  const options = Object.fromEntries(
    Object.entries(table).map(
      ([name, { isSwitch }]) => [name, { type: isSwitch ? 'boolean' : 'string' }] as const,
    ),
  );
  let given: Readonly<Record<string, string | boolean | undefined>>;
  let found: readonly string[];
  try {
    const allowPositionals = operands.length > 0;
    const parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals });
    given = parsed.values;
    found = parsed.positionals;
  } catch (error) {
    const known = Object.keys(table).map((name) => `--${name}`);
    throw new CliError('CLI_USAGE', `${messageOf(error)}; known: ${known.join(', ')}`, { cause: error });
  }
  if (found.length !== operands.length) {
    const wanted = operands.map((name) => `a ${name}`).join(' and ');
    throw new CliError('CLI_USAGE', `found ${found.length} arguments without --, want ${wanted}`);
  }
  const values = Object.entries(table).map(([name, flag]) => {
    const text = given[name] === true ? 'true' : given[name];
    if (typeof text !== 'string') {
      if (flag.isRequired) throw new CliError('CLI_USAGE', `--${name} is missing, want ${flag.wanted}`);
      return [name, flag.fallback];
    }
    const value = flag.parse(text);
    if (value !== undefined) return [name, value];
    throw new CliError('CLI_USAGE', `--${name} is ${JSON.stringify(text)}, want ${flag.wanted}`);
  });
  const named = operands.map((name, i) => [name, found[i] ?? '']);
  return {
    // Each value was parsed by the flag of its name, and there is an operand for each name.
    flags: Object.fromEntries(values) as FlagValues<T>,
    operands: Object.fromEntries(named) as Record<N, string>,
  };
}
