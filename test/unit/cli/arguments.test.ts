import { choiceFlag, integerFlag, readFlags, requiredFlag, switchFlag, textFlag } from '@residency/cli';
import { describe, expect, test } from 'vitest';

const flags = {
  seed: integerFlag(0, 100, 7),
  'rollout-workers': integerFlag(1, 4, 1),
  model: textFlag('a name', 'intern'),
};

describe('readFlags', () => {
  test('fills in what is not given', () => {
    expect(readFlags(flags, [])).toEqual({ seed: 7, 'rollout-workers': 1, model: 'intern' });
  });

  test('reads both spellings, limits included', () => {
    expect(readFlags(flags, ['--seed', '0', '--rollout-workers=4', '--model', 'resident'])).toEqual({
      seed: 0,
      'rollout-workers': 4,
      model: 'resident',
    });
  });

  test('takes a switch for on where it stands alone', () => {
    const table = { json: switchFlag };

    expect(readFlags(table, [])).toEqual({ json: false });
    expect(readFlags(table, ['--json'])).toEqual({ json: true });
    expect(() => readFlags(table, ['--json=yes'])).toThrow(expect.objectContaining({ code: 'CLI_USAGE' }));
  });

  const bad = [
    [['--seed', '101'], '--seed is "101", want an integer from 0 to 100'],
    [['--seed', '1.5'], '--seed is "1.5"'],
    [['--seed', ' 1'], '--seed is " 1"'],
    [['--seed', '0x1'], '--seed is "0x1"'],
    [['--model', ''], '--model is "", want a name'],
    [['--sed', '1'], 'known: --seed, --rollout-workers, --model'],
    [['extra'], 'extra'],
    [['--seed'], '--seed'],
  ] as const;

  test.each(bad)('refuses %j', (args, message) => {
    expect(() => readFlags(flags, args)).toThrow(
      expect.objectContaining({ code: 'CLI_USAGE', message: expect.stringContaining(message) }),
    );
  });
});

describe('readFlags of arguments that are not optional texts', () => {
  const table = {
    out: requiredFlag('a folder'),
    merged: switchFlag,
    dtype: choiceFlag(['f32', 'f16'], null),
  };

  test('reads switches, choices and what must be given', () => {
    expect(readFlags(table, ['--out', 'x'])).toEqual({ out: 'x', merged: false, dtype: null });
    expect(readFlags(table, ['--merged', '--dtype=f16', '--out', 'x'])).toEqual({
      out: 'x',
      merged: true,
      dtype: 'f16',
    });
  });

  test.each([
    [['--merged'], '--out is missing, want a folder'],
    [['--out', ''], '--out is "", want a folder'],
    [['--out', 'x', '--dtype', 'f64'], '--dtype is "f64", want f32 or f16'],
    [['--out', 'x', '--merged=yes'], 'merged'],
  ])('refuses %j', (args, message) => {
    expect(() => readFlags(table, args)).toThrow(
      expect.objectContaining({ code: 'CLI_USAGE', message: expect.stringContaining(message) }),
    );
  });
});
