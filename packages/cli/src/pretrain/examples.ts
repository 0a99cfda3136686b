import type { SupervisedExample } from '@residency/model';
import type { Tokenizer } from '@residency/text';
import type { PretrainRecipe } from './recipe.js';

/** Examples are drawn in windows of this many batches and sorted by length inside, so that a batch holds little padding. */
const WINDOW_BATCHES = 16;

/** The batches of a stage, each example seen once; a pure function of recipe, stage and its position. */
export function* batchesOf(
  tokenizer: Tokenizer,
  recipe: PretrainRecipe,
  stageIndex: number,
): Generator<readonly SupervisedExample[]> {
  const stage = recipe.stages[stageIndex];
  if (!stage) throw new RangeError(`internal: the recipe has no stage ${stageIndex}`);
  const seed = recipe.seed * 1_000 + stageIndex;
  for (let first = 0; first < stage.steps; first += WINDOW_BATCHES) {
    const count = Math.min(WINDOW_BATCHES, stage.steps - first);
    const base = first * stage.batchSize;
    const window = Array.from({ length: count * stage.batchSize }, (_, i) =>
      recipe.exampleAt(tokenizer, stageIndex, seed, base + i),
    );
    window.sort((a, b) => a.ids.length - b.ids.length);
    // Batches go by in a scattered order: short to long over and over would move the model back and forth.
    for (let i = 0; i < count; i++) {
      const at = scattered(i, count) * stage.batchSize;
      yield window.slice(at, at + stage.batchSize);
    }
  }
}

/** A fixed permutation of 0..count-1: bit-reversal order, with the positions beyond the count left out. */
function scattered(index: number, count: number): number {
  const order: number[] = [];
  for (let i = 0; i < WINDOW_BATCHES; i++) {
    const reversed = ((i & 1) << 3) | ((i & 2) << 1) | ((i & 4) >> 1) | ((i & 8) >> 3);
    if (reversed < count) order.push(reversed);
  }
  return order[index] ?? index;
}
