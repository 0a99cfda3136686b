import { describe, expect, test } from 'vitest';
import { measureShop } from '../../bench/support/shop-rates.js';

describe('measureShop', () => {
  test('counts what it does', () => {
    const { products, goals, searchesPerS, stepsPerS, buildMs, generateMs } = measureShop(20, 1);

    expect(products).toBeGreaterThanOrEqual(1_000);
    expect(goals).toBeGreaterThan(products);
    for (const value of [searchesPerS, stepsPerS, buildMs, generateMs]) expect(value).toBeGreaterThan(0);
  });
});
