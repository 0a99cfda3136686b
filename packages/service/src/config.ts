import { resolve } from 'node:path';

/** One environment variable: how it is read and what a good value looks like. */
export interface ConfigField<T> {
  readonly env: string;
  /** For messages: "wanted ...". */
  readonly wanted: string;
  /** Used where the variable is unset or empty; without one the variable is required. */
  readonly fallback: T | undefined;
  /** The value, or undefined where the text is not one; a ConfigError where there is more to say. */
  readonly parse: (text: string) => T | undefined;
  /** Whether the value must not be shown: messages then say what was wanted and nothing of what was found. */
  readonly isSecret?: boolean;
}

/** The settings of one service: a table of fields. */
export type ConfigTable<T> = { readonly [K in keyof T]: ConfigField<unknown> };

/** What a table reads as. */
export type ConfigOf<T> = {
  readonly [K in keyof T]: T[K] extends ConfigField<infer V> ? V : never;
};

/** Every bad variable at once, one line each: name, found (unless secret), wanted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'invalid_config';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(`configuration:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

/** A text that may be anything but empty. */
export function textField(env: string, fallback?: string): ConfigField<string> {
  return { env, wanted: 'a text', fallback, parse: (text) => text };
}

/** A text that may be left out: null where it is. */
export function optionalTextField(env: string): ConfigField<string | null> {
  return { env, wanted: 'a text', fallback: null, parse: (text) => text };
}

/** A text that may be left out and is never shown: null where it is left out. */
export function optionalSecretField(env: string): ConfigField<string | null> {
  return { ...optionalTextField(env), isSecret: true };
}

/** A whole number of a range. */
export function integerField(env: string, min: number, max: number, fallback?: number): ConfigField<number> {
  return {
    env,
    wanted: `an integer from ${min} to ${max}`,
    fallback,
    parse: (text) => {
      const value = Number(text);
      return /^-?[0-9]+$/.test(text) && value >= min && value <= max ? value : undefined;
    },
  };
}

/** A TCP port; 0 asks for a free one. */
export function portField(env: string, fallback: number): ConfigField<number> {
  return integerField(env, 0, 65_535, fallback);
}

/** One of a few words. */
export function choiceField<const C extends string>(
  env: string,
  choices: readonly C[],
  fallback: C,
): ConfigField<C> {
  return {
    env,
    wanted: `one of ${choices.join(', ')}`,
    fallback,
    parse: (text) => choices.find((choice) => choice === text),
  };
}

/** A redis:// or rediss:// URL; it may carry a password and is never shown. */
export function redisUrlField(env: string, fallback: string): ConfigField<string> {
  return {
    env,
    wanted: 'a redis:// or rediss:// URL',
    fallback,
    isSecret: true,
    parse: (text) => (URL.canParse(text) && /^rediss?:$/.test(new URL(text).protocol) ? text : undefined),
  };
}

/** A gRPC target: `host:port`, or a scheme that names several backends. */
export function addressField(env: string, fallback: string): ConfigField<string> {
  return {
    env,
    wanted: 'host:port, ipv4:host:port,host:port or dns:///host:port',
    fallback,
    parse: (text) => (/^\S+:[0-9]{1,5}$/.test(text) ? text : undefined),
  };
}

/** A folder, made absolute. */
export function folderField(env: string, fallback: string): ConfigField<string> {
  return { env, wanted: 'a folder', fallback: resolve(fallback), parse: (text) => resolve(text) };
}

/** A folder that may be left out, made absolute: null where it is left out. */
export function optionalFolderField(env: string): ConfigField<string | null> {
  return { env, wanted: 'a folder', fallback: null, parse: (text) => resolve(text) };
}

/** Whether something is wanted. */
export function flagField(env: string, fallback: boolean): ConfigField<boolean> {
  const words: ReadonlyMap<string, boolean> = new Map([
    ['true', true],
    ['false', false],
  ]);
  return { env, wanted: 'true or false', fallback, parse: (text) => words.get(text) };
}

type Reading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly string[] };

const refused = (...problems: string[]): Reading => ({ ok: false, problems });

function readField(field: ConfigField<unknown>, env: NodeJS.ProcessEnv): Reading {
  const text = env[field.env];
  if (text === undefined || text === '') {
    if (field.fallback !== undefined) return { ok: true, value: field.fallback };
    return refused(`${field.env}: found nothing, wanted ${field.wanted}`);
  }
  let value: unknown;
  try {
    value = field.parse(text);
  } catch (thrown) {
    if (thrown instanceof ConfigError) return refused(...thrown.problems);
    throw thrown;
  }
  if (value !== undefined) return { ok: true, value };
  if (field.isSecret === true) return refused(`${field.env}: wanted ${field.wanted}`);
  return refused(`${field.env}: found ${JSON.stringify(text)}, wanted ${field.wanted}`);
}

/**
 * Reads a service's settings from the environment.
 * @throws ConfigError naming every variable that is missing or bad, not only the first; values of secrets are not in it.
 */
export function readConfig<T extends ConfigTable<T>>(table: T, env: NodeJS.ProcessEnv): ConfigOf<T> {
  const readings = Object.entries<ConfigField<unknown>>(table).map(([key, field]) => ({
    key,
    reading: readField(field, env),
  }));
  const problems = readings.flatMap(({ reading }) => (reading.ok ? [] : reading.problems));
  if (problems.length > 0) throw new ConfigError(problems);
  // Each value was parsed by the field of its key.
  return Object.fromEntries(
    readings.map(({ key, reading }) => [key, reading.ok ? reading.value : undefined]),
  ) as ConfigOf<T>;
}
