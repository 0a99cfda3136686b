import {
  agreement,
  chiSquaredTail,
  chooseBest,
  countPairs,
  erfc,
  majorityVote,
  mcNemarTest,
  normalCdf,
  normalQuantile,
  passAtK,
  wilsonInterval,
} from '@residency/evaluation';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const coded = (code: string, message = '') =>
  expect.objectContaining({ code, message: expect.stringContaining(message) });

describe('normal', () => {
  // Of the C library's erfc.
  test.each([
    [-1, 1.842700792949715],
    [0.3, 0.6713732405408726],
    [1, 0.15729920705028513],
    [2.4, 0.0006885138966450789],
    [2.6, 0.00023603441652934908],
    [5, 1.5374597944280351e-12],
    [10, 2.088487583762545e-45],
  ])('erfc(%d)', (x, value) => {
    expect(erfc(x) / value).toBeCloseTo(1, 12);
  });

  // Wichura's AS 241.
  test.each([
    [0.975, 1.9599639845400536],
    [0.5, 0],
    [0.1, -1.2815515655446008],
    [1e-6, -4.753424308822899],
    [0.995, 2.5758293035489],
  ])('the quantile of %d', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 11);
  });

  test('the quantile is the inverse of the distribution function', () => {
    fc.assert(
      fc.property(fc.double({ min: -7, max: 7, noNaN: true }), (z) => {
        expect(normalQuantile(normalCdf(z))).toBeCloseTo(z, 4);
      }),
    );
    expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
  });

  test('the 5 % point of chi-squared with one degree of freedom', () => {
    expect(chiSquaredTail(3.841458820694124)).toBeCloseTo(0.05, 12);
    expect(chiSquaredTail(0)).toBe(1);
  });
});

describe('wilsonInterval', () => {
  // Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
  test.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])('%d of %d', (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);

    expect(interval?.low).toBeCloseTo(low, 4);
    expect(interval?.high).toBeCloseTo(high, 4);
  });

  test('holds the share, and mirrors', () => {
    const counts = fc.nat(300).chain((n) => fc.tuple(fc.nat(n), fc.constant(n)));
    fc.assert(
      fc.property(counts, ([k, n]) => {
        fc.pre(n > 0);
        const [interval, mirrored] = [wilsonInterval(k, n), wilsonInterval(n - k, n)];

        expect(interval?.low).toBeLessThanOrEqual(k / n);
        expect(interval?.high).toBeGreaterThanOrEqual(k / n);
        expect(mirrored?.low).toBeCloseTo(1 - (interval?.high ?? 0), 12);
      }),
    );
  });

  test('is null without trials, and refuses what is no count', () => {
    expect(wilsonInterval(0, 0)).toBeNull();
    expect(() => wilsonInterval(3, 2)).toThrowError(coded('EVALUATION_NUMBER', 'successes are 3'));
    expect(() => wilsonInterval(1.5, 2)).toThrowError(coded('EVALUATION_NUMBER', 'successes is 1.5'));
    expect(() => wilsonInterval(1, 2, 95)).toThrowError(coded('EVALUATION_NUMBER', 'level is 95'));
  });
});

describe('mcNemarTest', () => {
  const test2 = (modelOnly: number, baselineOnly: number) =>
    mcNemarTest({ both: 5, modelOnly, baselineOnly, neither: 5 });

  // 2 sum C(n, i) / 2^n: 2 (1 + 12 + 66) / 4096, 2 / 64, capped, 2 (1+14+91+364+1001+2002) / 16384, 2 (1+24+276+2024) / 2^24.
  test.each([
    [10, 2, 0.03857421875],
    [0, 6, 0.03125],
    [12, 12, 1],
    [5, 9, 0.4239501953125],
    [3, 21, 0.0002771615982055664],
    [0, 0, 1],
  ])('is exact with %d and %d discordant pairs', (b, c, pValue) => {
    expect(test2(b, c)).toMatchObject({ method: 'exact', statistic: null, pValue });
  });

  test('is corrected chi-squared with many: 150 and 86 of Agresti, "Categorical Data Analysis", 1990', () => {
    const result = test2(150, 86);

    expect(result.method).toBe('chi-squared');
    expect(result.statistic).toBeCloseTo((64 - 1) ** 2 / 236, 12);
    expect(result.pValue / 4.1145622813459415e-5).toBeCloseTo(1, 10);
    expect(test2(50, 50)).toMatchObject({ statistic: 0, pValue: 1 });
  });

  test('is symmetric, and a p-value', () => {
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60), (b, c) => {
        const { pValue } = test2(b, c);

        expect(pValue).toBe(test2(c, b).pValue);
        expect(pValue).toBeGreaterThan(0);
        expect(pValue).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('counts pairs', () => {
    const counts = countPairs([true, true, false, false, true], [true, false, true, false, false]);

    expect(counts).toEqual({ both: 1, modelOnly: 2, baselineOnly: 1, neither: 1 });
    expect(() => countPairs([true], [])).toThrowError(coded('EVALUATION_SHAPE'));
    expect(() => test2(-1, 0)).toThrowError(coded('EVALUATION_NUMBER', 'modelOnly is -1'));
  });
});

describe('passAtK', () => {
  /** Share of subsets of k places of n, the first c of them right, that hold a right one. */
  function bySubsets(n: number, c: number, k: number): number {
    let [hits, all] = [0, 0];
    for (let set = 0; set < 2 ** n; set++) {
      const places = Array.from({ length: n }, (_, i) => i).filter((i) => (set >> i) & 1);
      if (places.length !== k) continue;
      all++;
      if (places.some((i) => i < c)) hits++;
    }
    return hits / all;
  }

  test('is the share of subsets with a right sample', () => {
    expect(passAtK({ n: 10, c: 3, k: 5 })).toBeCloseTo(1 - 21 / 252, 14);
    for (let n = 1; n <= 7; n++) {
      for (let c = 0; c <= n; c++) {
        for (let k = 1; k <= n; k++) expect(passAtK({ n, c, k })).toBeCloseTo(bySubsets(n, c, k), 12);
      }
    }
  });

  test('refuses more than there are', () => {
    expect(() => passAtK({ n: 4, c: 1, k: 5 })).toThrowError(coded('EVALUATION_NUMBER', 'k is 5'));
  });
});

describe('majorityVote', () => {
  test('names ties, which the first letter wins', () => {
    expect(majorityVote(['C', 'B', null, 'C', 'B', 'A'])).toEqual({
      letter: 'B',
      votes: 2,
      cast: 5,
      tied: ['B', 'C'],
    });
    expect(majorityVote(['C', 'C', 'A'])).toEqual({ letter: 'C', votes: 2, cast: 3, tied: [] });
    expect(majorityVote([null, null])).toEqual({ letter: null, votes: 0, cast: 0, tied: [] });
  });

  test('does not depend on the order', () => {
    const letters = fc.array(fc.constantFrom('A', 'B', 'C', null), { maxLength: 12 });
    const shuffled = letters.chain((given) =>
      fc.tuple(
        fc.constant(given),
        fc.shuffledSubarray(given, { minLength: given.length, maxLength: given.length }),
      ),
    );
    fc.assert(
      fc.property(shuffled, ([given, other]) => {
        expect(majorityVote(other)).toEqual(majorityVote(given));
      }),
    );
  });
});

describe('agreement', () => {
  /** Cohen's definition over a table of categories. */
  function byTable(a: readonly number[], b: readonly number[]): number {
    const size = Math.max(...a, ...b) + 1;
    let [observed, expected] = [0, 0];
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        const joint = a.filter((value, at) => value === i && b[at] === j).length / a.length;
        const rows = a.filter((value) => value === i).length / a.length;
        const columns = b.filter((value) => value === j).length / b.length;
        observed += (i - j) ** 2 * joint;
        expected += (i - j) ** 2 * rows * columns;
      }
    }
    return 1 - observed / expected;
  }

  test('is worked by hand: means 1 and 1.5, variances 0.5 and 1.25', () => {
    // mean (a-b)² = 2/4; denominator 0.5 + 1.25 + 0.25
    expect(agreement([0, 1, 1, 2], [0, 1, 2, 3])).toEqual({ pairs: 4, exact: 0.5, kappa: 0.75 });
  });

  test('is kappa with quadratic weights', () => {
    const counts = fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(counts, (given) => {
        const [a, b] = [given.map(([left]) => left), given.map(([, right]) => right)];
        fc.pre(new Set([...a, ...b]).size > 1);

        expect(agreement(a, b).kappa).toBeCloseTo(byTable(a, b), 10);
      }),
    );
  });

  test('is null where it cannot be told', () => {
    expect(agreement([], [])).toEqual({ pairs: 0, exact: null, kappa: null });
    expect(agreement([2, 2], [2, 2])).toEqual({ pairs: 2, exact: 1, kappa: null });
    expect(() => agreement([1], [])).toThrowError(coded('EVALUATION_SHAPE'));
  });
});

describe('chooseBest', () => {
  test('takes the highest evaluation accuracy, of equals the earlier step', () => {
    const checkpoints = [
      { step: 30, accuracy: 0.7, reward: 9 },
      { step: 10, accuracy: 0.6, reward: 11 },
      { step: 20, accuracy: 0.7, reward: 8 },
      { step: 0, accuracy: null, reward: 12 },
    ];

    expect(chooseBest(checkpoints)).toBe(checkpoints[2]);
    expect(chooseBest(checkpoints.toReversed())).toBe(checkpoints[2]);
    expect(chooseBest([{ step: 0, accuracy: null }])).toBeNull();
    expect(chooseBest([])).toBeNull();
    expect(() => chooseBest([{ step: 4, accuracy: 70 }])).toThrowError(
      coded('EVALUATION_NUMBER', 'accuracy of step 4 is 70'),
    );
  });
});
