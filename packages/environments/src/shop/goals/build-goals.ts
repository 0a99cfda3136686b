import { shuffle } from '@residency/algorithms';
import type { Catalogue } from '../catalogue/catalogue.js';
import { chargedPrice } from '../catalogue/price.js';
import type { Product, ProductOption } from '../catalogue/product.js';
import { ShopError } from '../errors.js';
import type { Goal, GoalOption } from './goal.js';
import { drawPriceCeiling, type PriceCeiling } from './price-ceiling.js';

/** Where goals come from: every combination of options, or what people asked for. */
export type GoalSource = 'synthetic' | 'human';

export interface GoalsOptions {
  /** @defaultValue 'synthetic' */
  readonly source?: GoalSource;
  /** Decides prices and order; an integer in [0, 2^32). */
  readonly seed: number;
  /** Greatest number of goals; more are refused. @defaultValue 2,000,000 */
  readonly maxGoals?: number;
}

const MAX_GOALS = 2_000_000;

/** Keeps this shuffle apart from any other draw under the same seed. */
const STREAM = 0x60a1;

/** A goal before all are known. */
type Draft = Omit<Goal, 'weight'>;

/** A product with its place in the catalogue. */
interface Placed {
  readonly product: Product;
  readonly place: number;
}

/** Every combination of one value for each option, options by name, the last one changing fastest. */
function* combinations(options: readonly ProductOption[]): Generator<GoalOption[]> {
  const [first, ...rest] = options;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const value of first.values) {
    for (const others of combinations(rest)) yield [{ name: first.name, value }, ...others];
  }
}

function draft(
  product: Product,
  ceiling: PriceCeiling,
  own: Pick<Draft, 'text' | 'attributes' | 'options'>,
): Draft {
  const { asin, title, category, query, productCategory } = product;
  const text = `${own.text}${ceiling.clause}`;
  return { asin, title, category, query, productCategory, ...own, text, priceUpper: ceiling.upper };
}

/** Drafts of a product's goals. */
type Drafter = (catalogue: Catalogue, placed: Placed, seed: number) => Generator<Draft>;

function* draftSynthetic(catalogue: Catalogue, { product, place }: Placed, seed: number): Generator<Draft> {
  const found = catalogue.instructions.get(product.asin);
  if (found === undefined || found.instruction === null) return;
  const ceiling = drawPriceCeiling(chargedPrice(product.prices, seed, place), [seed, place]);
  const byName = [...product.options].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const options of combinations(byName)) {
    const choices = options.map(({ name, value }) => `${name}: ${value}`).join(', and ');
    const text = `${found.instruction}${choices === '' ? '' : ` with ${choices}`}`;
    yield draft(product, ceiling, { text, attributes: found.instructionAttributes, options });
  }
}

function withoutTrailingDots(text: string): string {
  let end = text.length;
  while (text[end - 1] === '.') end--;
  return text.slice(0, end);
}

function* draftHuman(catalogue: Catalogue, { product, place }: Placed, seed: number): Generator<Draft> {
  for (const [index, human] of (catalogue.humanInstructions.get(product.asin) ?? []).entries()) {
    if (human.attributes.length === 0) continue;
    const ceiling = drawPriceCeiling(chargedPrice(product.prices, seed, place), [seed, place, index]);
    const options = human.options.map((value) => ({ name: null, value }));
    const text = withoutTrailingDots(human.instruction);
    yield draft(product, ceiling, { text, attributes: human.attributes, options });
  }
}

/** The mean over a goal's attributes of 1 / how many goals want the attribute. */
function weighByRarity(drafts: readonly Draft[]): Goal[] {
  const counts = new Map<string, number>();
  for (const { attributes } of drafts) {
    for (const attribute of attributes) counts.set(attribute, (counts.get(attribute) ?? 0) + 1);
  }
  return drafts.map((goal) => {
    const sum = goal.attributes.reduce((total, attribute) => total + 1 / (counts.get(attribute) ?? 1), 0);
    return { ...goal, weight: sum / goal.attributes.length };
  });
}

interface SourceRule {
  readonly draft: Drafter;
  readonly weigh: (drafts: readonly Draft[]) => Goal[];
}

const SOURCES: { readonly [S in GoalSource]: SourceRule } = {
  synthetic: { draft: draftSynthetic, weigh: weighByRarity },
  human: { draft: draftHuman, weigh: (drafts) => drafts.map((goal) => ({ ...goal, weight: 1 })) },
};

/**
 * The goals of a catalogue in an order that the seed decides (specs/webshop.md section 2).
 * @throws ShopError SHOP_GOALS where there are more than `maxGoals`
 */
export function buildGoals(catalogue: Catalogue, options: GoalsOptions): readonly Goal[] {
  const { source = 'synthetic', seed, maxGoals = MAX_GOALS } = options;
  const rule = SOURCES[source];
  const drafts: Draft[] = [];
  for (const [place, product] of catalogue.products.entries()) {
    for (const goal of rule.draft(catalogue, { product, place }, seed)) {
      drafts.push(goal);
      if (drafts.length <= maxGoals) continue;
      throw new ShopError(
        'SHOP_GOALS',
        'maxGoals',
        `goals: found more than ${maxGoals} at product ${product.asin}, want at most that many`,
      );
    }
  }
  const goals = rule.weigh(drafts);
  return shuffle(goals.length, [STREAM, seed]).flatMap((index) => goals[index] ?? []);
}
