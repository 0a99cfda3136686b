import { asItem, badField, type Item, label, textField, textsField } from './fields.js';
import { type Prices, parsePrices, priceTag } from './price.js';

/** One thing to choose about a product: a lower-case name and its values in the page's order. */
export interface ProductOption {
  readonly name: string;
  readonly values: readonly string[];
}

/** A product as the shop shows and judges it. */
export interface Product {
  /** At most ten characters; upper-case in the original files. */
  readonly asin: string;
  readonly title: string;
  readonly description: string;
  readonly bullets: readonly string[];
  readonly category: string;
  /** Lower-case. */
  readonly query: string;
  /** `A › B › C`. */
  readonly productCategory: string;
  readonly attributes: readonly string[];
  readonly options: readonly ProductOption[];
  readonly prices: Prices;
  readonly priceTag: string;
}

const MAX_ASIN_UNITS = 10;

/** More options than this have too many combinations for any goal. */
const MAX_OPTIONS = 50;

/** The attributes of a product that the instruction file does not know (specs/webshop.md section 1). */
const UNKNOWN_ATTRIBUTES: readonly string[] = ['DUMMY_ATTR'];

function parseValues(where: string, field: string, values: unknown): string[] {
  if (!Array.isArray(values)) throw badField(where, field, values, 'null or a list of { value }');
  return values.map((entry: unknown, index) => {
    const { fields } = asItem(`${where}.${field}[${index}]`, entry);
    const { value } = fields;
    const at = `${field}[${index}].value`;
    if (typeof value !== 'string') throw badField(where, at, value, 'text');
    return label(where, at, value.trim().replaceAll('/', ' | ').toLowerCase());
  });
}

function parseOptions({ where, fields }: Item): ProductOption[] {
  const found = fields['customization_options'] ?? '';
  if (found === '') return [];
  const field = 'customization_options';
  if (typeof found !== 'object' || Array.isArray(found)) {
    throw badField(where, field, found, 'an empty text or an object of lists');
  }
  const entries = Object.entries(found);
  if (entries.length > MAX_OPTIONS) {
    throw badField(where, field, `${entries.length} options`, `at most ${MAX_OPTIONS} options`);
  }
  const options = new Map<string, string[]>();
  for (const [name, values] of entries) {
    if (values === null) continue;
    options.set(label(where, field, name.toLowerCase()), parseValues(where, `${field}.${name}`, values));
  }
  return [...options].map(([name, values]) => ({ name, values }));
}

/** The identifier of an item of the products file, or null where the load rules skip it. */
export function asinOf(item: Item): string | null {
  const { asin } = item.fields;
  if (typeof asin !== 'string') throw badField(item.where, 'asin', asin, 'text');
  return asin === 'nan' || asin === '' || asin.length > MAX_ASIN_UNITS ? null : asin;
}

/**
 * The product of an item of the products file (specs/webshop.md section 1).
 * @param attributes those of the instruction file, or undefined where it does not have the product
 * @throws ShopError SHOP_ITEM
 */
export function parseProduct(
  item: Item,
  asin: string,
  attributes: readonly string[] = UNKNOWN_ATTRIBUTES,
): Product {
  const { where, fields } = item;
  const pricing = textField(item, 'pricing');
  const prices = parsePrices(pricing);
  if (prices === null)
    throw badField(where, 'pricing', pricing, 'an empty text or dollars, $9.99 or $9.99$19.99');
  const bullets = fields['small_description'];
  return {
    asin,
    title: textField(item, 'name'),
    description: textField(item, 'full_description'),
    bullets: typeof bullets === 'string' ? [bullets] : textsField(item, 'small_description'),
    category: textField(item, 'category'),
    query: textField(item, 'query').toLowerCase(),
    productCategory: textField(item, 'product_category'),
    attributes,
    options: parseOptions(item),
    prices,
    priceTag: priceTag(prices),
  };
}
