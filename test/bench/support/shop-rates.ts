import { buildShop, generateCatalogue, type Shop, ShopSession } from '@residency/environments';
import { rounded } from './report.js';
import { median } from './statistics.js';

/** What a shop does in a second, the median over the runs. */
export interface ShopRates {
  readonly products: number;
  readonly goals: number;
  /** Milliseconds to make the catalogue, and to build index and goals from it. */
  readonly generateMs: number;
  readonly buildMs: number;
  /** Searches a second, the words of a goal's task each. */
  readonly searchesPerS: number;
  /** Actions a second in perfect episodes, their searches included. */
  readonly stepsPerS: number;
}

function timed<T>(work: () => T): { readonly ms: number; readonly result: T } {
  const start = performance.now();
  const result = work();
  return { ms: performance.now() - start, result };
}

function searchAll(shop: Shop, tasks: number): number {
  let searches = 0;
  for (const { text } of shop.goals.slice(0, tasks)) searches += shop.search(text).length > 0 ? 1 : 0;
  return searches;
}

/** Plays an episode that buys what each goal wants, and counts its steps. */
function playAll(shop: Shop, tasks: number): number {
  let steps = 0;
  for (const goal of shop.goals.slice(0, tasks)) {
    const session = new ShopSession(shop, goal);
    const choices = goal.options.map(({ value }) => `click[${value}]`);
    const actions = [`search[${goal.title}]`, `click[${goal.asin}]`, ...choices, 'click[buy now]'];
    for (const action of actions) session.act(action);
    if (session.result?.score !== 1) throw new Error(`internal: ${goal.asin} was not bought perfectly`);
    steps += actions.length;
  }
  return steps;
}

/**
 * Measures the shop of the made-up catalogue.
 * @param tasks how many goals a run takes; a positive integer
 * @param runs timed runs; one more goes before them
 */
export function measureShop(tasks: number, runs: number): ShopRates {
  const { ms: generateMs, result: catalogue } = timed(() => generateCatalogue());
  const { ms: buildMs, result: shop } = timed(() => buildShop(catalogue));
  const rate = (work: (shop: Shop, tasks: number) => number): number => {
    work(shop, tasks);
    const rates = Array.from({ length: runs }, () => {
      const { ms, result } = timed(() => work(shop, tasks));
      return (result / ms) * 1e3;
    });
    return rounded(median(rates));
  };
  return {
    products: shop.products.length,
    goals: shop.goals.length,
    generateMs: rounded(generateMs),
    buildMs: rounded(buildMs),
    searchesPerS: rate(searchAll),
    stepsPerS: rate(playAll),
  };
}
