import {
  DEPARTMENTS,
  generateCatalogue,
  generatedShop,
  normalizeColour,
  rewardPurchase,
  ShopSession,
} from '@residency/environments';
import { describe, expect, test } from 'vitest';

const { goals, products, search } = generatedShop();

describe('the made-up catalogue', () => {
  test('has more than a thousand products of several departments, medical supplies among them', () => {
    const counts = new Map<string, number>();
    for (const { category } of products) counts.set(category, (counts.get(category) ?? 0) + 1);

    expect(products.length).toBeGreaterThanOrEqual(1_000);
    expect(counts.size).toBeGreaterThanOrEqual(5);
    expect(counts.get('medical')).toBeGreaterThanOrEqual(200);
    expect(new Set(products.map(({ query }) => query)).size).toBe(
      DEPARTMENTS.reduce((sum, { kinds }) => sum + kinds.length, 0),
    );
  });

  test('names every product once, and gives each attributes, options, a price and texts', () => {
    expect(new Set(products.map(({ asin }) => asin)).size).toBe(products.length);
    expect(new Set(products.map(({ title }) => title)).size).toBe(products.length);
    for (const { asin, attributes, options, description, bullets } of products) {
      expect(asin).toMatch(/^RS[0-9A-Z]{8}$/);
      expect(new Set(attributes).size).toBe(attributes.length);
      expect(attributes.length).toBeGreaterThanOrEqual(3);
      expect(options.length).toBeGreaterThan(0);
      const values = options.flatMap((option) => option.values);
      expect(new Set(values).size).toBe(values.length);
      for (const attribute of attributes) expect(description).toContain(attribute);
      expect(bullets.length).toBe(attributes.length + 1);
    }
    const tags = products.map(({ priceTag }) => priceTag);
    for (const shape of [/^\$\d+(\.\d+)?$/, / to /, /^\$100\.0$/, /^\$\d{4}/]) {
      expect(tags.some((tag) => shape.test(tag))).toBe(true);
    }
  });

  test('is the same for the same seed, and another for another', () => {
    const make = (seed: number) => generateCatalogue({ seed, productsPerKind: 2 });
    expect(make(5)).toEqual(make(5));
    expect(make(5).products).not.toEqual(make(6).products);
  });

  test('has tasks whose words find their product', () => {
    const missed = goals.filter(({ text, asin }) => !search(text).some((found) => found.asin === asin));
    expect(missed).toEqual([]);
  });

  test('has tasks whose colours are sold in others too, so that reading matters', () => {
    const coloured = goals.filter(({ options }) =>
      options.some(({ value }) => normalizeColour(value) !== value),
    );
    expect(coloured.length).toBeGreaterThan(100);
  });

  test('is solved with reward 1 for every goal', () => {
    const failed: string[] = [];
    for (const goal of goals) {
      const session = new ShopSession(generatedShop(), goal);
      let step = session.act(`search[${goal.title}]`);
      const product = `click[${goal.asin.toLowerCase()}]`;
      for (let page = 1; page < 5 && !step.actions.includes(product); page++)
        step = session.act('click[next >]');
      const rest = [product, ...goal.options.map(({ value }) => `click[${value}]`), 'click[buy now]'];
      for (const action of rest) {
        // A perfect episode takes only what the page offers.
        if (step.actions.includes(action)) step = session.act(action);
      }
      if (!step.done || step.reward !== 1) failed.push(`${goal.asin} ${goal.text}`);
    }
    expect(goals.length).toBeGreaterThan(5_000);
    expect(failed).toEqual([]);
  });

  test('has a perfect purchase for every goal with the matching of the original too', () => {
    const { priceOf } = generatedShop();
    const byAsin = new Map(products.map((product) => [product.asin, product]));
    for (const goal of goals) {
      const product = byAsin.get(goal.asin);
      if (product === undefined) throw new Error(`no product ${goal.asin}`);
      const values = goal.options.map(({ value }) => value);
      const purchase = { product, values, price: priceOf(product) };
      expect(rewardPurchase(purchase, goal, { matching: 'compatible' }).score, goal.text).toBe(1);
    }
  });

  test('pays less than 1 for the right product with a wrong option, and nearly nothing for another kind', () => {
    const aim = goals.find(({ options }) => options.length === 2);
    if (aim === undefined) throw new Error('no goal with two options');
    const buy = (title: string, asin: string) => {
      const session = new ShopSession(generatedShop(), aim);
      session.act(`search[${title}]`);
      session.act(`click[${asin.toLowerCase()}]`);
      return session.act('click[buy now]').reward;
    };
    const other = products.find(({ category }) => category !== aim.category);

    expect(buy(aim.title, aim.asin)).toBeCloseTo(
      (aim.attributes.length + 1) / (aim.attributes.length + 3),
      12,
    );
    expect(buy(other?.title ?? '', other?.asin ?? '')).toBeLessThan(0.5);
  });
});
