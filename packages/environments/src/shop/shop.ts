import type { Catalogue } from './catalogue/catalogue.js';
import { chargedPrice } from './catalogue/price.js';
import type { Product } from './catalogue/product.js';
import { ShopError } from './errors.js';
import { buildGoals, type GoalSource, type GoalsOptions } from './goals/build-goals.js';
import type { Goal } from './goals/goal.js';
import { buildSearchIndex, type SearchIndex } from './search/search-index.js';

/** Everything that sessions share; it never changes. */
export interface Shop {
  readonly products: readonly Product[];
  /** Shuffled once, so that ranges of places are disjoint sets of goals. */
  readonly goals: readonly Goal[];
  readonly index: SearchIndex;
  /** The products that a search finds, at most 50, best first. */
  search(query: string): readonly Product[];
  /** Dollars that a product of the shop costs its buyer. */
  priceOf(product: Product): number;
}

export interface ShopOptions {
  /** Where goals come from. @defaultValue 'synthetic' */
  readonly source?: GoalSource;
  /** Decides prices within ranges, price limits and the order of goals. @defaultValue 0 */
  readonly seed?: number;
  /** @defaultValue 2,000,000 */
  readonly maxGoals?: number;
}

/** What is searched of a product (specs/webshop.md section 6). */
export function searchableText({ title, description, bullets, options }: Product): string {
  const choices = options.map(({ name, values }) => `${name}: ${values.join(', ')}`).join(', and ');
  return [title, description, bullets[0] ?? '', choices].join(' ').toLowerCase();
}

function* searchableTexts(products: readonly Product[]): Generator<string> {
  for (const product of products) yield searchableText(product);
}

/**
 * Builds the shop of a catalogue: its index, its prices and its goals. The same catalogue and options give the same
 * shop.
 * @throws ShopError SHOP_SETTING, SHOP_GOALS
 */
export function buildShop(catalogue: Catalogue, options: ShopOptions = {}): Shop {
  const { seed = 0 } = options;
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new ShopError('SHOP_SETTING', 'seed', `seed is ${seed}, want an integer in [0, 2^32)`);
  }
  const { products } = catalogue;
  const index = buildSearchIndex(searchableTexts(products));
  const goalsOptions: GoalsOptions = { ...options, seed };
  const places = new Map(products.map((product, place) => [product.asin, place]));
  return {
    products,
    goals: buildGoals(catalogue, goalsOptions),
    index,
    search: (query) => index.search(query).flatMap(({ document }) => products[document] ?? []),
    priceOf: ({ asin, prices }) => chargedPrice(prices, seed, places.get(asin) ?? 0),
  };
}
