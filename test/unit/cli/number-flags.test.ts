import { integerFlag, numberFlag, optionalFlag, readFlags } from '@residency/cli';
import { describe, expect, test } from 'vitest';

describe('readFlags of numbers and of what may be left out', () => {
  const table = {
    share: numberFlag('a number above 0 and at most 1', (value) => value > 0 && value <= 1, 1),
    limit: optionalFlag(integerFlag(1, 9, 1)),
  };

  test('reads decimals, and null for what is left out', () => {
    expect(readFlags(table, [])).toEqual({ share: 1, limit: null });
    expect(readFlags(table, ['--share', '0.25', '--limit', '3'])).toEqual({ share: 0.25, limit: 3 });
  });

  test.each(['0', '1.5', '.5', '1e-3', '-1', 'NaN', ''])('refuses %j', (text) => {
    expect(() => readFlags(table, [`--share=${text}`])).toThrow(
      expect.objectContaining({
        code: 'CLI_USAGE',
        message: expect.stringContaining('want a number above 0 and at most 1'),
      }),
    );
  });
});
