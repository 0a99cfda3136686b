import type { Product } from './catalogue/product.js';
import type { Reward } from './reward/reward.js';

/** Pages about one product that hang on its own page. */
export type SubPage = 'description' | 'features' | 'reviews' | 'attributes';

/** A search as it was asked, and all it found: at most 50 products, best first. */
export interface Results {
  readonly query: string;
  readonly found: readonly Product[];
}

interface OnResults {
  readonly results: Results;
  /** From 1; may lie beyond the last page with products. */
  readonly number: number;
}

interface OnItem extends OnResults {
  readonly product: Product;
  /** Chosen option values by option name. */
  readonly chosen: ReadonlyMap<string, string>;
}

/** Where a shopper is; it never changes, every action gives another one. */
export type ShopState =
  | { readonly page: 'search' }
  | ({ readonly page: 'results' } & OnResults)
  | ({ readonly page: 'item' } & OnItem)
  | ({ readonly page: 'sub'; readonly sub: SubPage } & OnItem)
  | { readonly page: 'done'; readonly product: Product; readonly reward: Reward };

/** What a click on the present page does. */
export type Click =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'go'; readonly to: ShopState }
  | { readonly kind: 'buy' };
