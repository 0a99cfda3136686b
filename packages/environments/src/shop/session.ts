import { parseAction } from './action.js';
import type { Goal } from './goals/goal.js';
import { type Page, type PageContext, renderPage, textAfterTask } from './page.js';
import { type Reward, type RewardOptions, rewardPurchase } from './reward/reward.js';
import type { Shop } from './shop.js';
import type { ShopState, SubPage } from './state.js';

export interface SessionOptions extends RewardOptions {
  /** Whether items have a page of attributes. @defaultValue false */
  readonly hasAttributesPage?: boolean;
}

/** What a shopper sees. */
export interface ShopView {
  /** The page's text with its header: the task is part of it, but for the last page. */
  readonly text: string;
  /** The text without the task; choosing an option does not change it (specs/webshop.md section 3). */
  readonly anchor: string;
  /** The actions that the page offers, in its order, `search[<your query>]` and the inert `click[search]` among them. */
  readonly actions: readonly string[];
}

/** What an action did. */
export interface ShopStep extends ShopView {
  /** Whether the action was one of the page's, or a search. */
  readonly isValid: boolean;
  /** The score of the purchase that ends the session, else 0. */
  readonly reward: number;
  readonly done: boolean;
}

const SUB_PAGES: readonly SubPage[] = ['description', 'features', 'reviews'];

/** One shopper with one goal. It depends on the shop, the goal and the actions alone. */
export class ShopSession {
  readonly goal: Goal;
  readonly #shop: Shop;
  readonly #options: SessionOptions;
  readonly #context: PageContext;
  #state: ShopState = { page: 'search' };
  /** Always the page of the state. */
  #page: Page;

  constructor(shop: Shop, goal: Goal, options: SessionOptions = {}) {
    this.goal = goal;
    this.#shop = shop;
    this.#options = options;
    const subPages: readonly SubPage[] = options.hasAttributesPage ? [...SUB_PAGES, 'attributes'] : SUB_PAGES;
    this.#context = { task: goal.text, subPages };
    this.#page = renderPage(this.#state, this.#context);
  }

  get state(): ShopState {
    return this.#state;
  }

  /** How the purchase was judged; null before it. */
  get result(): Reward | null {
    return this.#state.page === 'done' ? this.#state.reward : null;
  }

  view(): ShopView {
    const { text, hasSearchBar, clicks } = this.#page;
    return {
      text,
      anchor: textAfterTask(text, this.goal.text),
      actions: [
        ...(hasSearchBar ? ['search[<your query>]'] : []),
        ...[...clicks.keys()].map((argument) => `click[${argument}]`),
      ],
    };
  }

  /**
   * Takes any text. One that is no action of the page changes nothing and is worth nothing; so is any after the
   * purchase (specs/webshop.md section 4). Time grows linearly with the text.
   */
  act(action: string): ShopStep {
    const next = this.#next(action);
    if (next !== null) {
      this.#state = next;
      this.#page = renderPage(next, this.#context);
    }
    const isOver = this.#state.page === 'done';
    const reward = next?.page === 'done' ? next.reward.score : 0;
    return { ...this.view(), isValid: next !== null, reward, done: isOver };
  }

  /** The state that an action leads to, or null where it does nothing. */
  #next(action: string): ShopState | null {
    const parsed = parseAction(action);
    if (parsed === null || this.#state.page === 'done') return null;
    const { name, argument } = parsed;
    if (name === 'search') {
      return { page: 'results', results: { query: argument, found: this.#shop.search(argument) }, number: 1 };
    }
    // An option whose value is `search` cannot be chosen either.
    const isClick = name === 'click' && argument !== 'search';
    const click = isClick ? this.#page.clicks.get(argument) : undefined;
    if (click === undefined || click.kind === 'nothing') return null;
    return click.kind === 'go' ? click.to : this.#buy();
  }

  #buy(): ShopState | null {
    if (this.#state.page !== 'item') return null;
    const { product, chosen } = this.#state;
    const purchase = { product, values: [...chosen.values()], price: this.#shop.priceOf(product) };
    return { page: 'done', product, reward: rewardPurchase(purchase, this.goal, this.#options) };
  }
}
