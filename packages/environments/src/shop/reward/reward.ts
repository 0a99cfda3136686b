import type { Product } from '../catalogue/product.js';
import type { Goal, GoalOption } from '../goals/goal.js';
import { COLOURS, normalizeColour } from './colours.js';
import { type NounTagger, titleNouns } from './nouns.js';
import { tokenSetRatio } from './token-set-ratio.js';

/**
 * How a goal's options reach the matcher: `compatible` as upstream has it, where options of synthetic goals are
 * matched with their names and mostly without colours, so that some goals have no perfect purchase; `fixed` as plain
 * values (specs/webshop.md section 5.1).
 */
export type OptionMatching = 'compatible' | 'fixed';

/** What was bought, and for how much. */
export interface Purchase {
  readonly product: Pick<
    Product,
    'title' | 'query' | 'productCategory' | 'attributes' | 'bullets' | 'description'
  >;
  /** Chosen option values. */
  readonly values: readonly string[];
  /** Dollars. */
  readonly price: number;
}

/** What of a goal decides a reward. */
export type WantedPurchase = Pick<
  Goal,
  'title' | 'query' | 'productCategory' | 'attributes' | 'options' | 'priceUpper'
>;

/** How alike the kinds of two products are. */
export interface TypeMatch {
  readonly isQueryMatch: boolean;
  readonly isCategoryMatch: boolean;
  /** In [0, 1]. */
  readonly titleScore: number;
  /** What a reward is multiplied by: 1, 0.5, 0.1 or 0. */
  readonly factor: number;
}

export interface Reward {
  /** In [0, 1]; 1 is a perfect purchase. */
  readonly score: number;
  readonly type: TypeMatch;
  readonly attributeHits: number;
  readonly optionHits: number;
  readonly isPriceMet: boolean;
}

export interface RewardOptions {
  /** @defaultValue 'fixed' */
  readonly matching?: OptionMatching;
  /** @defaultValue titleNouns */
  readonly nouns?: NounTagger;
}

/** Labels match above this `tokenSetRatio`. */
const MATCH_ABOVE = 85;

/** The title score of a goal whose title has no noun. */
const NO_NOUN_SCORE = 0.2;

const isMatch = (one: string, other: string): boolean => tokenSetRatio(one, other) > MATCH_ABOVE;

/** Colour names that a part of a pair may equal, for look-up. */
const COLOUR_SET: ReadonlySet<string> = new Set(COLOURS);

/** The text that a goal's option is matched by (specs/webshop.md section 5.1). */
const OPTION_TEXTS: { readonly [M in OptionMatching]: (option: GoalOption) => string } = {
  fixed: ({ value }) => normalizeColour(value),
  compatible: ({ name, value }) => {
    if (name === null) return normalizeColour(value);
    return [name, value].filter((part) => COLOUR_SET.has(part)).sort()[0] ?? `${name} ${value}`;
  },
};

/** The share of the goal title's noun tokens that the other title's nouns cover, each noun counted once. */
export function titleScore(wanted: readonly string[], bought: readonly string[]): number {
  if (wanted.length === 0) return NO_NOUN_SCORE;
  const found = new Set(bought);
  return new Set(wanted.filter((noun) => found.has(noun))).size / wanted.length;
}

const categoryParts = (category: string): Set<string> =>
  new Set(category.split('›').map((part) => part.trim()));

/** How alike two products are in kind. Source: specs/webshop.md section 5, `r_type`. */
export function matchType(
  bought: Pick<Product, 'title' | 'query' | 'productCategory'>,
  wanted: Pick<Product, 'title' | 'query' | 'productCategory'>,
  nouns: NounTagger = titleNouns,
): TypeMatch {
  const isQueryMatch = bought.query === wanted.query;
  const parts = categoryParts(bought.productCategory);
  const shared = [...categoryParts(wanted.productCategory)].filter((part) => parts.has(part));
  const isCategoryMatch = shared.length >= 2;
  const score = titleScore(nouns(wanted.title), nouns(bought.title));
  let factor = isQueryMatch || isCategoryMatch || score > 0.2 ? 1 : 0.5;
  if (score < 0.1) factor = 0.1;
  if (score === 0) factor = 0;
  return { isQueryMatch, isCategoryMatch, titleScore: score, factor };
}

/**
 * How many of the wanted attributes a product has: by name, or in its lower-cased title, bullets or description.
 * Source: specs/webshop.md section 5, `attr_hits`.
 */
export function countAttributeHits(
  product: Pick<Product, 'title' | 'attributes' | 'bullets' | 'description'>,
  wanted: readonly string[],
): number {
  const texts = [product.title, product.bullets.join(' '), product.description].map((text) =>
    text.toLowerCase(),
  );
  return wanted.filter(
    (attribute) =>
      product.attributes.some((own) => isMatch(own, attribute)) ||
      texts.some((text) => text.includes(attribute)),
  ).length;
}

/** How many wanted options some chosen value meets. Source: specs/webshop.md sections 5 (`opt_hits`) and 5.1. */
export function countOptionHits(
  values: readonly string[],
  wanted: readonly GoalOption[],
  matching: OptionMatching,
): number {
  const chosen = values.map(normalizeColour);
  return wanted.filter((option) => {
    const text = OPTION_TEXTS[matching](option);
    return chosen.some((value) => isMatch(value, text));
  }).length;
}

/**
 * The reward of a purchase: factor * (attribute hits + option hits + [price <= P]) / (attributes + options + 1).
 * Source: specs/webshop.md section 5.
 */
export function rewardPurchase(
  purchase: Purchase,
  goal: WantedPurchase,
  options: RewardOptions = {},
): Reward {
  const { matching = 'fixed', nouns = titleNouns } = options;
  const type = matchType(purchase.product, goal, nouns);
  const attributeHits = countAttributeHits(purchase.product, goal.attributes);
  const optionHits = countOptionHits(purchase.values, goal.options, matching);
  const isPriceMet = purchase.price <= goal.priceUpper;
  const met = attributeHits + optionHits + (isPriceMet ? 1 : 0);
  const score = (type.factor * met) / (goal.attributes.length + goal.options.length + 1);
  return { score, type, attributeHits, optionHits, isPriceMet };
}
