import type { Product } from './catalogue/product.js';
import type { Click, ShopState, SubPage } from './state.js';

/** What stands between the texts of a page. */
export const SEPARATOR = ' [SEP] ';

/** Products on one page of results (specs/webshop.md section 3). */
export const RESULTS_PER_PAGE = 10;

/** A page as a shopper sees it. */
export interface Page {
  /** Its visible texts, joined by ` [SEP] `. */
  readonly text: string;
  readonly hasSearchBar: boolean;
  /** By the lower-case argument of the click, in the order of specs/webshop.md section 4. */
  readonly clicks: ReadonlyMap<string, Click>;
}

/** What pages need to know beside the state. */
export interface PageContext {
  /** The task. */
  readonly task: string;
  /** Sub-pages that an item's page offers. */
  readonly subPages: readonly SubPage[];
}

type At<P extends ShopState['page']> = Extract<ShopState, { page: P }>;
type Renderer<P extends ShopState['page']> = (state: At<P>, context: PageContext) => Page;

const SUB_PAGE_TITLES: { readonly [S in SubPage]: string } = {
  description: 'Description',
  features: 'Features',
  reviews: 'Reviews',
  attributes: 'Attributes',
};

/** Nobody has reviewed anything (specs/webshop.md section 1). */
const SUB_PAGE_TEXTS: { readonly [S in SubPage]: (product: Product) => readonly string[] } = {
  description: ({ description }) => [description],
  features: ({ bullets }) => bullets,
  reviews: () => [],
  attributes: ({ attributes }) => attributes,
};

const BACK = 'Back to Search';
const PREVIOUS = '< Prev';
const NEXT = 'Next >';
const BUY = 'Buy Now';

const joinTexts = (texts: readonly string[]): string =>
  texts
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .join(SEPARATOR);

const go = (to: ShopState): Click => ({ kind: 'go', to });
const goBack = [BACK.toLowerCase(), go({ page: 'search' })] as const;
const goPrevious = (to: ShopState) => [PREVIOUS.toLowerCase(), go(to)] as const;
const header = (task: string): string[] => ['Instruction:', task];

function renderSearch(_state: At<'search'>, { task }: PageContext): Page {
  return {
    text: joinTexts(['WebShop', ...header(task), 'Search']),
    hasSearchBar: true,
    // Listed among the clickables, yet it does nothing without a query.
    clicks: new Map([['search', { kind: 'nothing' }]]),
  };
}

function renderResults({ results, number }: At<'results'>, { task }: PageContext): Page {
  const start = (number - 1) * RESULTS_PER_PAGE;
  const products = results.found.slice(start, start + RESULTS_PER_PAGE);
  const other = (by: number): ShopState => ({ page: 'results', results, number: number + by });
  return {
    text: joinTexts([
      ...header(task),
      BACK,
      `Page ${number} (Total results: ${results.found.length})`,
      ...(number > 1 ? [PREVIOUS] : []),
      NEXT,
      ...products.flatMap(({ asin, title, priceTag }) => [asin, title, priceTag]),
    ]),
    hasSearchBar: false,
    clicks: new Map<string, Click>([
      goBack,
      ...(number > 1 ? [goPrevious(other(-1))] : []),
      [NEXT.toLowerCase(), go(other(1))],
      ...products.map(
        (product) =>
          [
            product.asin.toLowerCase(),
            go({ page: 'item', results, number, product, chosen: new Map() }),
          ] as const,
      ),
    ]),
  };
}

function renderItem(state: At<'item'>, { task, subPages }: PageContext): Page {
  const { results, number, product, chosen } = state;
  const options = product.options.flatMap(({ name, values }) =>
    values.map((value) => [value, go({ ...state, chosen: new Map([...chosen, [name, value]]) })] as const),
  );
  return {
    // Nothing shows which options are chosen.
    text: joinTexts([
      ...header(task),
      BACK,
      PREVIOUS,
      ...product.options.flatMap(({ name, values }) => [name, ...values]),
      product.title,
      `Price: ${product.priceTag}`,
      'Rating: N.A.',
      ...subPages.map((sub) => SUB_PAGE_TITLES[sub]),
      BUY,
    ]),
    hasSearchBar: false,
    // Of equal texts the last one counts.
    clicks: new Map<string, Click>([
      goBack,
      goPrevious({ page: 'results', results, number }),
      ...subPages.map((sub) => [sub, go({ ...state, page: 'sub', sub })] as const),
      [BUY.toLowerCase(), { kind: 'buy' }],
      ...options,
    ]),
  };
}

function renderSub({ sub, ...item }: At<'sub'>, { task }: PageContext): Page {
  return {
    text: joinTexts([...header(task), BACK, PREVIOUS, ...SUB_PAGE_TEXTS[sub](item.product)]),
    hasSearchBar: false,
    clicks: new Map([goBack, goPrevious({ ...item, page: 'item' })]),
  };
}

function renderDone({ reward }: At<'done'>): Page {
  return {
    text: joinTexts(['Thank you for shopping with us!', `Your score (0.0 to 1.0): ${reward.score}`]),
    hasSearchBar: false,
    clicks: new Map(),
  };
}

const RENDERERS: { readonly [P in ShopState['page']]: Renderer<P> } = {
  search: renderSearch,
  results: renderResults,
  item: renderItem,
  sub: renderSub,
  done: renderDone,
};

/** The page of a state (specs/webshop.md sections 3 and 4). */
export function renderPage(state: ShopState, context: PageContext): Page {
  // The table is total over `page`, which TypeScript cannot correlate with the state.
  return (RENDERERS[state.page] as Renderer<ShopState['page']>)(state, context);
}

/**
 * A page's text as agents' training shows it: what follows the task, each part in quotes; the whole text unquoted
 * where the task is not among its parts. Names the state for grouping. Source: specs/webshop.md section 3.
 */
export function textAfterTask(text: string, task: string): string {
  const parts = text.split(SEPARATOR);
  const at = parts.indexOf(task.trim());
  if (at === -1) return text;
  return parts
    .slice(at + 1)
    .map((part) => `'${part}'`)
    .join(SEPARATOR);
}
