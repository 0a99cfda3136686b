import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ShopError } from '../errors.js';
import { asItem } from './fields.js';
import {
  type HumanInstruction,
  type ProductInstruction,
  parseHumanInstructions,
  parseInstruction,
} from './instructions.js';
import { readJsonElements } from './json-elements.js';
import { asinOf, type Product, parseProduct } from './product.js';

/** Products, and what may be asked for. */
export interface Catalogue {
  readonly products: readonly Product[];
  /** By ASIN; what the instruction file says. */
  readonly instructions: ReadonlyMap<string, ProductInstruction>;
  /** By ASIN; what people asked for. */
  readonly humanInstructions: ReadonlyMap<string, readonly HumanInstruction[]>;
}

/** Paths of the original files; those of instructions may be left out. */
export interface ShopFiles {
  /** `items_shuffle*.json`. */
  readonly products: string;
  /** `items_ins_v2*.json`. */
  readonly instructions?: string;
  /** `items_human_ins*.json`. */
  readonly humanInstructions?: string;
}

export interface LoadOptions {
  /** How many items of the products file to read, a positive integer; all where absent. */
  readonly limit?: number;
}

const PREFIXES: { readonly [F in keyof Required<ShopFiles>]: string } = {
  products: 'items_shuffle',
  instructions: 'items_ins_v2',
  humanInstructions: 'items_human_ins',
};

/**
 * The original files of a folder, by the beginnings of their names.
 * @throws ShopError SHOP_FILE for a folder that cannot be read, without products, or where two files could be meant
 */
export async function findShopFiles(folder: string): Promise<ShopFiles> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShopError('SHOP_FILE', folder, `${folder}: ${reason}`, { cause });
  });
  const names = entries.filter((name) => name.endsWith('.json')).sort();
  const find = (prefix: string): string | undefined => {
    const [found, other] = names.filter((name) => name.startsWith(prefix));
    if (other === undefined) return found && join(folder, found);
    throw new ShopError(
      'SHOP_FILE',
      prefix,
      `${folder}: found both ${found} and ${other}, want one file that begins with ${prefix}`,
    );
  };
  const products = find(PREFIXES.products);
  const instructions = find(PREFIXES.instructions);
  const humanInstructions = find(PREFIXES.humanInstructions);
  if (products === undefined) {
    throw new ShopError(
      'SHOP_FILE',
      PREFIXES.products,
      `${folder}: found no ${PREFIXES.products}*.json, want one`,
    );
  }
  return { products, ...(instructions && { instructions }), ...(humanInstructions && { humanInstructions }) };
}

async function readByAsin<T>(
  path: string | undefined,
  parse: (where: string, value: unknown) => T,
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  if (path === undefined) return found;
  for await (const { key, value } of readJsonElements(path, 'object')) {
    found.set(key ?? '', parse(`${basename(path)}: item ${key}`, value));
  }
  return found;
}

/**
 * Reads a catalogue from the original files (specs/webshop.md section 1). An item is skipped if its ASIN is `nan`,
 * longer than ten characters or that of an earlier item. Files are read an item at a time; what a shop uses of
 * each is kept in memory.
 * @throws ShopError SHOP_FILE, SHOP_ITEM, naming the file and the item; SHOP_SETTING
 */
export async function loadCatalogue(files: ShopFiles, options: LoadOptions = {}): Promise<Catalogue> {
  const { limit = Number.POSITIVE_INFINITY } = options;
  if (Number.isNaN(limit) || limit < 1) {
    throw new ShopError('SHOP_SETTING', 'limit', `limit is ${limit}, want a positive integer`);
  }
  const instructions = await readByAsin(files.instructions, parseInstruction);
  const humanInstructions = await readByAsin(files.humanInstructions, parseHumanInstructions);
  const products = new Map<string, Product>();
  for await (const { index, value } of readJsonElements(files.products, 'list')) {
    const where = `${basename(files.products)}: item ${index}`;
    const item = asItem(where, value);
    const asin = asinOf(item);
    if (asin !== null && !products.has(asin)) {
      const named = { ...item, where: `${where} (${asin})` };
      products.set(asin, parseProduct(named, asin, instructions.get(asin)?.attributes));
    }
    // Nothing after the last item is read.
    if (index + 1 >= limit) break;
  }
  return { products: [...products.values()], instructions, humanInstructions };
}
