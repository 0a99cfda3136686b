import {
  buildGoals,
  type Catalogue,
  chargedPrice,
  drawGoal,
  drawPriceCeiling,
  generatedShop,
  splitRange,
  weightedDraw,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { catalogue, goal, product } from '../../../support/small-shop.js';

const chair = product({
  asin: 'T000000001',
  query: 'chairs',
  attributes: ['solid wood', 'easy clean'],
  options: [
    { name: 'size', values: ['small', 'large'] },
    { name: 'color', values: ['red', 'blue', 'teal'] },
  ],
});
const mug = product({ asin: 'T000000002', query: 'mugs', attributes: ['easy clean'], prices: [995] });

describe('drawPriceCeiling', () => {
  test('draws the larger of two of the next four multiples of ten', () => {
    const counts = new Map<number, number>();
    for (let key = 0; key < 1_200; key++) {
      const { upper, clause } = drawPriceCeiling(20, [key]);
      counts.set(upper, (counts.get(upper) ?? 0) + 1);
      expect(clause).toBe(`, and price lower than ${upper}.00 dollars`);
    }
    // Of the six pairs of 30, 40, 50, 60: one, two, three have the larger 40, 50, 60.
    expect([...counts.keys()].sort()).toEqual([40, 50, 60]);
    expect(counts.get(40)).toBeGreaterThan(140);
    expect(counts.get(40)).toBeLessThan(260);
    expect(counts.get(60)).toBeGreaterThan(520);
    expect(counts.get(60)).toBeLessThan(680);
  });

  test('names no price where fewer than two multiples are left', () => {
    expect(drawPriceCeiling(979.99, [1])).toEqual({
      upper: 990,
      clause: ', and price lower than 990.00 dollars',
    });
    for (const price of [980, 989, 990, 5_000]) {
      expect(drawPriceCeiling(price, [1])).toEqual({ upper: 1_000_000, clause: '' });
    }
  });

  test('is always above the price', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 2_000, noNaN: true }), fc.nat(), (price, key) => {
        expect(drawPriceCeiling(price, [key]).upper).toBeGreaterThan(price);
      }),
    );
  });
});

describe('buildGoals', () => {
  test('makes one goal of every combination of options, names in order', () => {
    const goals = buildGoals(catalogue(chair, mug), { seed: 3 });
    const ofChair = goals.filter(({ asin }) => asin === chair.asin);

    expect(goals).toHaveLength(7);
    expect(new Set(ofChair.map(({ priceUpper }) => priceUpper)).size).toBe(1);
    const clause = `, and price lower than ${ofChair[0]?.priceUpper}.00 dollars`;
    expect(ofChair.map(({ text }) => text).sort()).toEqual(
      ['blue', 'red', 'teal'].flatMap((color) =>
        ['large', 'small'].map((size) => `Find me chairs with color: ${color}, and size: ${size}${clause}`),
      ),
    );
    expect(ofChair[0]?.options.map(({ name }) => name)).toEqual(['color', 'size']);
    expect(goals.find(({ asin }) => asin === mug.asin)).toMatchObject({
      text: 'Find me mugs',
      options: [],
      priceUpper: 1_000_000,
      attributes: ['easy clean'],
      // Seven goals want it.
      weight: 1 / 7,
    });
    expect(ofChair[0]?.weight).toBeCloseTo((1 / 6 + 1 / 7) / 2, 12);
  });

  test('makes goals of what people asked for, without trailing dots', () => {
    const given: Catalogue = {
      ...catalogue(chair),
      humanInstructions: new Map([
        [
          chair.asin,
          [
            { instruction: 'i want a red chair...', attributes: ['solid wood'], options: ['red', 'small'] },
            { instruction: 'no attribute', attributes: [], options: ['red'] },
          ],
        ],
        ['T000000009', [{ instruction: 'not sold here', attributes: ['x'], options: [] }]],
      ]),
    };

    const goals = buildGoals(given, { source: 'human', seed: 3 });

    expect(goals).toHaveLength(1);
    expect(goals[0]).toMatchObject({
      options: [
        { name: null, value: 'red' },
        { name: null, value: 'small' },
      ],
      weight: 1,
      text: expect.stringMatching(/^i want a red chair, and price lower than [3-6]0\.00 dollars$/),
    });
  });

  test('draws the limit above what the product costs its buyer', () => {
    const ranged = product({ attributes: ['x'], prices: [10, 90] });
    for (let seed = 0; seed < 50; seed++) {
      const [only] = buildGoals(catalogue(ranged), { seed });
      const price = chargedPrice(ranged.prices, seed, 0);
      expect(only?.priceUpper).toBeGreaterThan(price);
      expect(only?.priceUpper).toBeLessThanOrEqual(price + 40);
    }
  });

  test('is decided by the seed', () => {
    const texts = (seed: number) => buildGoals(catalogue(chair, mug), { seed }).map(({ text }) => text);

    expect(texts(1)).toEqual(texts(1));
    expect(texts(1)).not.toEqual(texts(2));
  });

  test('refuses more goals than it may make', () => {
    const many = product({
      attributes: ['x'],
      options: Array.from({ length: 30 }, (_, n) => ({ name: `o${n}`, values: ['a', 'b', 'c', 'd'] })),
    });
    expect(() => buildGoals(catalogue(many), { seed: 0, maxGoals: 1_000 })).toThrow(
      expect.objectContaining({ code: 'SHOP_GOALS', message: expect.stringContaining(many.asin) }),
    );
  });
});

describe('splits', () => {
  test('are the published ranges, disjoint, over one fixed order', () => {
    expect(splitRange('original', 'test', 6_910)).toEqual({ start: 0, end: 500 });
    expect(splitRange('original', 'evaluation', 6_910)).toEqual({ start: 500, end: 1_500 });
    expect(splitRange('original', 'train', 6_910)).toEqual({ start: 1_500, end: 6_910 });
    expect(splitRange('verl-agent', 'validation', 6_910)).toEqual({ start: 0, end: 500 });
    expect(splitRange('verl-agent', 'train', 6_910)).toEqual({ start: 500, end: 6_910 });
    expect(splitRange('verl-agent', 'validation', 30)).toEqual({ start: 0, end: 30 });

    const { goals } = generatedShop();
    const { end } = splitRange('verl-agent', 'validation', goals.length);
    const held = new Set(goals.slice(0, end).map(({ text, asin }) => `${asin} ${text}`));
    expect(goals.slice(end).filter(({ text, asin }) => held.has(`${asin} ${text}`))).toEqual([]);
  });

  test('refuse a part that is unknown, or empty', () => {
    expect(() => splitRange('original', 'dev', 10)).toThrow(
      expect.objectContaining({ code: 'SHOP_SETTING' }),
    );
    expect(() => splitRange('original', 'train', 1_500)).toThrow(
      expect.objectContaining({ code: 'SHOP_GOALS' }),
    );
  });

  test('draw every place of a range', () => {
    const places = Array.from({ length: 300 }, (_, seed) => drawGoal({ start: 5, end: 9 }, [seed]));
    expect([...new Set(places)].sort()).toEqual([5, 6, 7, 8]);
  });
});

describe('weightedDraw', () => {
  test('draws in proportion to weights', () => {
    const draw = weightedDraw([goal({ weight: 1 }), goal({ weight: 0.5 }), goal({ weight: 2.5 })]);
    const counts = [0, 0, 0];
    for (let key = 0; key < 4_000; key++) {
      const place = draw([key]);
      counts[place] = (counts[place] ?? 0) + 1;
    }

    for (const [place, want] of [1_000, 500, 2_500].entries()) {
      expect(Math.abs((counts[place] ?? 0) - want)).toBeLessThan(120);
    }
  });

  test('refuses to draw from nothing', () => {
    expect(() => weightedDraw([])).toThrow(expect.objectContaining({ code: 'SHOP_GOALS' }));
  });
});
