import { describe, expect, it } from 'vitest';
import { parseOptions, UsageError, withGiven } from '../../bench/support/options.js';

const bench = { name: 'oven', configs: ['warm', 'hot'], sizes: ['trays', 'loaves'] } as const;

describe('parseOptions', () => {
  it('runs every configuration five times per process where nothing is said', () => {
    expect(parseOptions(bench, [])).toEqual({
      configs: ['warm', 'hot'],
      sizes: {},
      runs: 5,
      warmups: 2,
      rounds: 3,
      threads: 2,
      peers: false,
    });
  });

  it('takes configurations, sizes and numbers in any order', () => {
    const options = parseOptions(bench, ['--peers', 'hot', '--loaves', '12', '--runs=7', '--threads', '1']);

    expect(options).toMatchObject({ configs: ['hot'], sizes: { loaves: 12 }, peers: true });
    expect([options.runs, options.threads]).toEqual([7, 1]);
    expect(withGiven({ trays: 3, loaves: 4 }, options.sizes)).toEqual({ trays: 3, loaves: 12 });
  });

  const refused: readonly { readonly args: readonly string[]; readonly says: RegExp }[] = [
    { args: ['cold'], says: /oven has no configuration cold/ },
    { args: ['--crumbs', '3'], says: /--crumbs/ },
    { args: ['--trays', '0'], says: /--trays is 0, want a whole number above 0/ },
    { args: ['--runs', '2.5'], says: /--runs is 2.5/ },
    { args: ['--loaves', 'many'], says: /--loaves is many/ },
    { args: ['--trays'], says: /--trays/ },
  ];
  for (const { args, says } of refused) {
    it(`refuses ${args.join(' ')} and says how the benchmark is used`, () => {
      const parse = (): unknown => parseOptions(bench, args);
      expect(parse).toThrow(UsageError);
      expect(parse).toThrow(says);
      expect(parse).toThrow(/usage: npm run bench -- oven \[warm\|hot \.\.\.\] \[--peers\] \[--trays n\]/);
    });
  }
});
