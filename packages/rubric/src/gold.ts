import { RubricError, shown } from './errors.js';
import type { Item } from './grade.js';

const LETTER = /^[A-Z]$/;

/**
 * The right letter of a multiple-choice item: its field `gold`, one capital letter, and one of `choices` where the
 * item lists them.
 * @throws RubricError RUBRIC_ITEM_GOLD
 */
export function goldLetter(item: Item): string {
  const { gold, choices } = item;
  if (typeof gold !== 'string' || !LETTER.test(gold)) {
    throw new RubricError(
      'RUBRIC_ITEM_GOLD',
      'item.gold',
      `item.gold is ${shown(gold)}, want one capital letter A-Z`,
    );
  }
  if (typeof choices === 'object' && choices !== null && !Object.hasOwn(choices, gold)) {
    throw new RubricError(
      'RUBRIC_ITEM_GOLD',
      'item.gold',
      `item.gold is '${gold}', want one of the item's choices: ${shown(Object.keys(choices).sort())}`,
    );
  }
  return gold;
}
