import { ShopError, shown } from '../errors.js';

/** Longest text of an attribute or an option: matching takes time that grows with the square of it. */
export const MAX_LABEL_UNITS = 1_000;

/** A JSON object, and where it stands: `items_shuffle.json: item 3 (B000000001)`. */
export interface Item {
  readonly where: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The error of a field that has not the form it should. */
export function badField(where: string, field: string, found: unknown, wanted: string): ShopError {
  const param = field === '' ? where : `${where}.${field}`;
  return new ShopError('SHOP_ITEM', param, `${param} is ${shown(found)}, want ${wanted}`);
}

/** @throws ShopError SHOP_ITEM */
export function asItem(where: string, value: unknown): Item {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badField(where, '', value, 'an object');
  }
  // Just seen to be an object that is no list.
  return { where, fields: value as Record<string, unknown> };
}

/**
 * A text field; null and an absent one are the empty text.
 * @throws ShopError SHOP_ITEM
 */
export function textField({ where, fields }: Item, field: string): string {
  const value = fields[field] ?? '';
  if (typeof value === 'string') return value;
  throw badField(where, field, value, 'text');
}

/**
 * A field that holds a list of texts; null and an absent one are the empty list.
 * @throws ShopError SHOP_ITEM
 */
export function textsField({ where, fields }: Item, field: string): readonly string[] {
  const value = fields[field] ?? [];
  if (!Array.isArray(value)) throw badField(where, field, value, 'a list of texts');
  return value.map((entry: unknown, index) => {
    if (typeof entry === 'string') return entry;
    throw badField(where, `${field}[${index}]`, entry, 'text');
  });
}

/** A short text: an attribute or an option. @throws ShopError SHOP_ITEM */
export function label(where: string, field: string, text: string): string {
  if (text.length <= MAX_LABEL_UNITS) return text;
  throw badField(where, field, text, `text of at most ${MAX_LABEL_UNITS} characters`);
}

/** A field that holds a list of short texts. @throws ShopError SHOP_ITEM */
export function labelsField(item: Item, field: string): readonly string[] {
  return textsField(item, field).map((text, index) => label(item.where, `${field}[${index}]`, text));
}
