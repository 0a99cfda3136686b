export { type ParsedAction, parseAction } from './action.js';
export {
  type Catalogue,
  findShopFiles,
  type LoadOptions,
  loadCatalogue,
  type ShopFiles,
} from './catalogue/catalogue.js';
export type { HumanInstruction, ProductInstruction } from './catalogue/instructions.js';
export { type JsonElement, type JsonShape, readJsonElements } from './catalogue/json-elements.js';
export { chargedPrice, type Prices, parsePrices, priceTag } from './catalogue/price.js';
export type { Product, ProductOption } from './catalogue/product.js';
export { ShopError, type ShopErrorCode, shopErrors } from './errors.js';
export { DEPARTMENTS, type GenerateOptions, generateCatalogue } from './generated/generate.js';
export { generatedShop } from './generated/generated-shop.js';
export { buildGoals, type GoalSource, type GoalsOptions } from './goals/build-goals.js';
export type { Goal, GoalOption } from './goals/goal.js';
export { drawGoal, type GoalRange, type SplitScheme, splitRange, weightedDraw } from './goals/goal-split.js';
export { drawPriceCeiling, type PriceCeiling } from './goals/price-ceiling.js';
export { textAfterTask } from './page.js';
export { COLOURS, normalizeColour } from './reward/colours.js';
export { type NounTagger, titleNouns } from './reward/nouns.js';
export {
  countAttributeHits,
  countOptionHits,
  matchType,
  type OptionMatching,
  type Purchase,
  type Reward,
  type RewardOptions,
  rewardPurchase,
  type TypeMatch,
  titleScore,
  type WantedPurchase,
} from './reward/reward.js';
export { tokenSetRatio } from './reward/token-set-ratio.js';
export { analyse } from './search/analyser.js';
export { stem } from './search/porter-stemmer.js';
export {
  BM25,
  buildSearchIndex,
  type Hit,
  MAX_HITS,
  quantisedLength,
  type SearchIndex,
} from './search/search-index.js';
export { breakWords } from './search/word-break.js';
export { type SessionOptions, ShopSession, type ShopStep, type ShopView } from './session.js';
export { buildShop, type Shop, type ShopOptions, searchableText } from './shop.js';
export { createShopEnvironment, shop } from './shop-environment.js';
export type { ShopRewardKind, ShopTask } from './shop-task.js';
export type { Results, ShopState, SubPage } from './state.js';
