import { parseArgs } from 'node:util';

/** Reads `--name value` options that have defaults, and words before, between and behind them. @throws TypeError for others */
export function textOptions<N extends string>(
  defaults: Readonly<Record<N, string>>,
): { readonly values: Readonly<Record<N, string>>; readonly words: readonly string[] } {
  const names = Object.keys(defaults) as N[]; // of a record of exactly these
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]));
  const { values, positionals } = parseArgs({ options, strict: true, allowPositionals: true });
  const given = names.map((name) => [name, values[name] ?? defaults[name]] as const);
  return { values: Object.fromEntries(given) as Record<N, string>, words: positionals };
}
