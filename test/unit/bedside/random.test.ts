import { createRandomStream } from '@residency/bedside';
import { describe, expect, it } from 'vitest';

describe('createRandomStream', () => {
  it('repeats for the same key and differs for keys that read alike', () => {
    const draw = (key: (string | number)[]): number[] => {
      const stream = createRandomStream(key);
      return Array.from({ length: 8 }, () => stream.uniform());
    };

    expect(draw(['a', 1])).toEqual(draw(['a', 1]));
    for (const other of [['a1'], ['a', '1'], ['a', 2], [1, 'a']])
      expect(draw(other)).not.toEqual(draw(['a', 1]));
  });

  it('is uniform over its values and across neighbouring keys', () => {
    const bins = 16;
    const draws = 32_000;
    const within = Array.from({ length: bins }, () => 0);
    const across = Array.from({ length: bins }, () => 0);
    const stream = createRandomStream(['uniform']);
    for (let index = 0; index < draws; index += 1) {
      const here = stream.below(bins);
      const first = createRandomStream(['key', index]).below(bins);
      within[here] = (within[here] ?? 0) + 1;
      across[first] = (across[first] ?? 0) + 1;
    }
    const chiSquare = (counts: readonly number[]): number =>
      counts.reduce((sum, count) => sum + (count - draws / bins) ** 2 / (draws / bins), 0);

    // 37.70 is the 0.999 quantile of chi-square with 15 degrees of freedom.
    expect(chiSquare(within)).toBeLessThan(37.7);
    expect(chiSquare(across)).toBeLessThan(37.7);
  });

  it('shuffles every value to every place', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 200; index += 1) {
      const shuffled = createRandomStream(['shuffle', index]).shuffle([0, 1, 2]);
      expect([...shuffled].sort()).toEqual([0, 1, 2]);
      seen.add(shuffled.join(''));
    }

    expect(seen.size).toBe(6);
  });

  it('refuses to pick from nothing', () => {
    expect(() => createRandomStream(['x']).pick([])).toThrow(
      expect.objectContaining({ code: 'BEDSIDE_EMPTY_CHOICE' }),
    );
  });
});
