import {
  COLOURS,
  countAttributeHits,
  countOptionHits,
  matchType,
  normalizeColour,
  rewardPurchase,
  titleNouns,
  titleScore,
  tokenSetRatio,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { goal, product } from '../../../support/small-shop.js';

const named = (options: Readonly<Record<string, string>>) =>
  Object.entries(options).map(([name, value]) => ({ name, value }));
const plain = (...values: readonly string[]) => values.map((value) => ({ name: null, value }));

describe('tokenSetRatio', () => {
  test.each([
    ['large', 'x-large', 100],
    ['essential oils', 'essential oil', 96],
    ['tea tree', 'tree tea', 100],
    ['Navy-Blue!', 'navy blue', 100],
    ['abc', 'xyz', 0],
    ['abcd', 'abce', 75],
    ['', 'red', 0],
    ['--', '--', 0],
    ['color r brown2060', 'brown', 45],
  ])('of %j and %j is %i', (one, other, want) => {
    expect(tokenSetRatio(one, other)).toBe(want);
  });

  test('is symmetric, within 0 and 100, and 100 of a label and itself', () => {
    const text = fc.string({ unit: fc.constantFrom(...'abc d-1\u00e9'), maxLength: 20 });
    fc.assert(
      fc.property(text, text, (one, other) => {
        const ratio = tokenSetRatio(one, other);
        expect(tokenSetRatio(other, one)).toBe(ratio);
        expect(ratio).toBeGreaterThanOrEqual(0);
        expect(ratio).toBeLessThanOrEqual(100);
        expect(tokenSetRatio(one, one)).toBe(/[\p{L}\p{N}]/u.test(one) ? 100 : 0);
      }),
    );
  });
});

describe('normalizeColour', () => {
  test.each([
    ['black forest', 'black'],
    ['violet lavender', 'lavender'],
    ['steelivy fuchsia', 'fuchsia'],
    ['123alabaster', 'alabaster'],
    ['pack of 12', 'pack of 12'],
  ])('of %j is %j (section 5.2)', (text, want) => {
    expect(normalizeColour(text)).toBe(want);
  });

  test('has about a hundred colours in alphabetical order', () => {
    expect([...new Set(COLOURS)].sort()).toEqual(COLOURS);
    expect(COLOURS.length).toBeGreaterThan(80);
  });
});

describe('titleScore', () => {
  test.each([
    [
      'two pairs of sneakers',
      'velmora court leather sneakers men size',
      'orbik trail mesh sneakers men',
      0.333,
    ],
    ['three of ten', 'a b c d e f g h i j', 'c e h z', 0.3],
    ['three of twenty', 'a b c d e f g h i j k l m n o p q r s t', 'a t k', 0.15],
    ['a repeated noun counts once above, twice below', 'bar bar cord plug', 'bar', 0.25],
    ['no noun at all', '', 'bar', 0.2],
    ['nothing shared', 'knob', 'tweezers', 0],
    ['the same', 'knob knob bath', 'knob knob bath', 2 / 3],
  ])('of %s (section 5.2)', (_what, wanted, bought, want) => {
    const nouns = (text: string) => text.split(' ').filter((word) => word !== '');
    expect(titleScore(nouns(wanted), nouns(bought))).toBeCloseTo(want, 3);
  });
});

describe('titleNouns', () => {
  test('keeps names and drops what is none', () => {
    const title = "Velmora V12 Women's Washable Running Shoes, 2 Pack for the Gym (Black), very comfortable";
    expect(titleNouns(title)).toEqual(['velmora', 'women', 'running', 'shoes', 'pack', 'gym', 'black']);
  });
});

describe('matchType', () => {
  const wanted = { title: 'Cabinet Knob', query: 'knobs', productCategory: 'a › b › c' };
  const other = { title: 'Cabinet Knob', query: 'handles', productCategory: 'x › y › z' };

  test.each([
    ['b › c › a', true],
    ['d › e › f', false],
    ['a › d › b', true],
    ['a › a › b', true],
    ['a › a › d', false],
    [' b›c ', true],
  ])('shares two parts with a › b › c: %j', (productCategory, want) => {
    expect(matchType({ ...other, productCategory }, wanted).isCategoryMatch).toBe(want);
  });

  /** Ten nouns, of which the bought title shares some. */
  const nouns = (title: string) => title.split(' ');
  const share = (count: number, fields: Partial<typeof other> = {}) => {
    const words = 'a b c d e f g h i j'.split(' ');
    const bought = [...words.slice(0, count), 'z'].join(' ');
    return matchType({ ...other, title: bought, ...fields }, { ...wanted, title: words.join(' ') }, nouns)
      .factor;
  };

  test('is 1 by query, category or title, else 0.5, and less for titles with nothing in common', () => {
    expect(share(3)).toBe(1);
    expect(share(2)).toBe(0.5);
    expect(share(1)).toBe(0.5);
    expect(share(0)).toBe(0);
    expect(share(2, { query: 'knobs' })).toBe(1);
    expect(share(2, { productCategory: 'b › a' })).toBe(1);
    expect(share(0, { query: 'knobs' })).toBe(0);
    const twenty = Array.from({ length: 20 }, (_, index) => `n${index}`).join(' ');
    expect(matchType({ ...other, title: 'n3' }, { ...wanted, title: twenty }, nouns).factor).toBe(0.1);
  });

  test('is 1 for the product itself', () => {
    expect(matchType(wanted, wanted)).toEqual({
      isQueryMatch: true,
      isCategoryMatch: true,
      titleScore: 1,
      factor: 1,
    });
  });
});

describe('countAttributeHits', () => {
  const wanted = ['tea tree', 'essential oils', 'natural ingredients'];

  test('counts likeness of names, then texts that contain the name', () => {
    expect(
      countAttributeHits(
        product({ attributes: ['tea tree', 'essential oil', 'natural ingredients'] }),
        wanted,
      ),
    ).toBe(3);
    expect(
      countAttributeHits(product({ attributes: ['essential oil', 'natural ingredients'] }), wanted),
    ).toBe(2);
    expect(countAttributeHits(product({ attributes: ['tea bag', 'earl grey'] }), wanted)).toBe(0);
    const texts = {
      bullets: ['It has', 'Essential', 'Oils of lemon'],
      description: 'Of NATURAL ingredients',
    };
    expect(countAttributeHits(product(texts), wanted)).toBe(2);
    expect(countAttributeHits(product({ title: 'Tea Tree Soap' }), wanted)).toBe(1);
  });
});

describe('countOptionHits', () => {
  test.each(['fixed', 'compatible'] as const)('matches plain values, %s', (matching) => {
    const wanted = plain('grey', 'xl', 'pack of 12');
    expect(countOptionHits(['pack of 12', 'grey', 'xl'], wanted, matching)).toBe(3);
    expect(countOptionHits(['pack of 12', 'blue', 'xl'], wanted, matching)).toBe(2);
    expect(countOptionHits(['powder snow'], plain('cool powder snow'), matching)).toBe(1);
    expect(countOptionHits([], wanted, matching)).toBe(0);
    expect(countOptionHits(['grey'], [], matching)).toBe(0);
  });

  test.each(['fixed', 'compatible'] as const)('is as lenient as the original, %s', (matching) => {
    expect(countOptionHits(['large'], named({ size: 'x-large' }), matching)).toBe(1);
    expect(countOptionHits(['dark blue'], named({ color: 'light blue' }), matching)).toBe(1);
  });

  test('cannot meet a colour inside a longer word where names are matched, unless fixed', () => {
    const wanted = named({ color: 'r.brown2060' });
    expect(countOptionHits(['r.brown2060'], wanted, 'compatible')).toBe(0);
    expect(countOptionHits(['r.brown2060'], wanted, 'fixed')).toBe(1);
    expect(countOptionHits(['brown'], named({ color: 'brown' }), 'compatible')).toBe(1);
  });
});

describe('rewardPurchase', () => {
  const wanted = goal({
    title: 'Plain Thing',
    attributes: ['tea tree', 'essential oils', 'natural ingredients'],
    options: named({ color: 'grey', size: 'xl' }),
    priceUpper: 40,
  });
  const own = product({ attributes: ['tea tree', 'essential oil', 'natural ingredients'] });
  const lacking = product({ description: 'made with natural ingredients' });
  const values = ['grey', 'xl'];
  const more = { ...wanted, options: named({ color: 'grey', size: 'xl', amount: 'pack of 12' }) };
  const unlike = { ...lacking, query: 'others', productCategory: 'Hall › Else', title: 'Thing of a kind' };
  const longTitled = { ...more, title: 'thing n o p q r s t' };

  test.each([
    ['perfect', own, wanted, 1],
    ['two of three attributes unmet', lacking, wanted, 2 / 3],
    ['a third option unmet', lacking, more, 0.5714],
    ['another kind of product', unlike, longTitled, 0.2857],
  ] as const)('is the published value: %s (section 5.2)', (_what, bought, aim, want) => {
    const nouns = (title: string) => title.toLowerCase().split(' ');
    const { score } = rewardPurchase({ product: bought, values, price: 35 }, aim, { nouns });
    expect(score).toBeCloseTo(want, 4);
  });

  test('counts the price, the limit included', () => {
    const purchase = { product: own, values };
    expect(rewardPurchase({ ...purchase, price: 40 }, wanted)).toMatchObject({ score: 1, isPriceMet: true });
    expect(rewardPurchase({ ...purchase, price: 40.01 }, wanted)).toMatchObject({
      score: 5 / 6,
      isPriceMet: false,
    });
  });
});
