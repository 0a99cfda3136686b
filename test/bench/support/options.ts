import { parseArgs } from 'node:util';

/** Options that every benchmark has beside its own sizes. */
const COMMON = { runs: 5, warmups: 2, threads: 2 } as const;
/** Rounds of ours and the other in turn. */
const ROUNDS = 3;

/** What a benchmark can be asked. */
export interface BenchDefinition<C extends string, N extends string> {
  readonly name: string;
  /** Names of its configurations; all of them run unless some are named. */
  readonly configs: readonly C[];
  /** Names of whole-number options, sizes mostly, that replace a configuration's defaults. */
  readonly sizes: readonly N[];
}

export interface BenchOptions<C extends string, N extends string> {
  readonly configs: readonly C[];
  /** Those that were given. */
  readonly sizes: Readonly<Partial<Record<N, number>>>;
  /** Timed runs in each process, and runs before them. */
  readonly runs: number;
  readonly warmups: number;
  /** Processes of each side where two are compared. */
  readonly rounds: number;
  readonly threads: number;
  /** Whether the Python peers run in turn with ours. */
  readonly peers: boolean;
}

/** Arguments that a benchmark does not understand; its message says how it is used. */
export class UsageError extends Error {}

/**
 * @throws UsageError on an option or configuration that the benchmark has not, or a value that is no whole
 * number above 0
 */
export function parseOptions<C extends string, N extends string>(
  bench: BenchDefinition<C, N>,
  argv: readonly string[],
): BenchOptions<C, N> {
  const numbers = [...bench.sizes, ...Object.keys(COMMON), 'rounds'];
  const usage = `usage: npm run bench -- ${bench.name} [${bench.configs.join('|')} ...] [--peers] ${numbers
    .map((name) => `[--${name} n]`)
    .join(' ')}`;
  const bad = (message: string): UsageError => new UsageError(`${message}\n${usage}`);
  const { values, positionals } = parsed(argv, numbers, bad);
  const number = (name: string): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < 1)
      throw bad(`--${name} is ${text}, want a whole number above 0`);
    return value;
  };
  const isConfig = (name: string): name is C => (bench.configs as readonly string[]).includes(name);
  const unknown = positionals.find((name) => !isConfig(name));
  if (unknown !== undefined) throw bad(`${bench.name} has no configuration ${unknown}`);
  const chosen = bench.configs.filter((name) => positionals.includes(name));
  const given = bench.sizes.flatMap((name) => {
    const value = number(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    configs: chosen.length === 0 ? bench.configs : chosen,
    sizes: Object.fromEntries(given) as Partial<Record<N, number>>, // names of the sizes
    runs: number('runs') ?? COMMON.runs,
    warmups: number('warmups') ?? COMMON.warmups,
    rounds: number('rounds') ?? ROUNDS,
    threads: number('threads') ?? COMMON.threads,
    peers: values['peers'] === true,
  };
}

/**
 * `parseOptions` of this process's arguments; ends the process with how the benchmark is used where they are
 * wrong.
 */
export function optionsOf<C extends string, N extends string>(
  bench: BenchDefinition<C, N>,
): BenchOptions<C, N> {
  try {
    return parseOptions(bench, process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

/** A configuration's sizes, where given ones replace its own. */
export function withGiven<T extends Readonly<Record<string, number>>>(
  sizes: T,
  given: Readonly<Record<string, number | undefined>>,
): T {
  const entries = Object.entries(sizes).map(([name, value]) => [name, given[name] ?? value]);
  return Object.fromEntries(entries) as T; // the same names
}

function parsed(
  argv: readonly string[],
  numbers: readonly string[],
  bad: (message: string) => UsageError,
): { values: Readonly<Record<string, string | boolean | undefined>>; positionals: readonly string[] } {
  try {
    return parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        ...Object.fromEntries(numbers.map((name) => [name, { type: 'string' as const }])),
        peers: { type: 'boolean' as const },
      },
    });
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error));
  }
}
