import type { Catalogue } from '../catalogue/catalogue.js';
import { asItem } from '../catalogue/fields.js';
import { type ProductInstruction, parseInstruction } from '../catalogue/instructions.js';
import { type Product, parseProduct } from '../catalogue/product.js';
import { AXES, type AxisName } from './axes.js';
import { beauty } from './beauty.js';
import { createDraws, type Draws } from './draws.js';
import { electronics } from './electronics.js';
import { clothing, shoes } from './fashion.js';
import { grocery } from './grocery.js';
import { home } from './home.js';
import type { Department, ProductKind } from './kind.js';
import { medicalDevices, medicalSupplies } from './medical.js';

/** Departments of the made-up shop. */
export const DEPARTMENTS: readonly Department[] = [
  medicalDevices,
  medicalSupplies,
  home,
  clothing,
  shoes,
  beauty,
  grocery,
  electronics,
];

export interface GenerateOptions {
  /** An integer in [0, 2^32). @defaultValue 0 */
  readonly seed?: number;
  /** Products of each kind, 1 to 1,000. @defaultValue 20 */
  readonly productsPerKind?: number;
}

const PRODUCTS_PER_KIND = 20;

/** Keeps these draws apart from any other under the same seed. */
const STREAM = 0x9e7a;

const BRAND_STARTS =
  'Al Bren Cor Dal Esk Fen Gal Hol Ir Jun Kel Lum Mor Nor Ost Per Quin Ros Sel Tor Ul Ven Wil Yar'.split(' ');
const BRAND_ENDS = 'ava edge ento era ico ima ina iva ona ora ovia une usk uvo ylo'.split(' ');
const GRADES = [
  'Classic',
  'Premium',
  'Everyday',
  'Advanced',
  'Professional',
  'Essential',
  'Signature',
  'Compact',
] as const;
const OPENINGS = [
  'Made for people who want one thing less to think about.',
  'Tested in daily use before it went on sale.',
  'The second generation of a plain and honest design.',
  'Built to do its job quietly for years.',
  'Designed together with the people who use it.',
] as const;
const CLOSINGS = [
  'Comes with a two year warranty.',
  'Packed in recycled cardboard.',
  'Questions are answered within a day.',
  'Unopened items can be returned within thirty days.',
] as const;

/** 36^8: what eight letters and digits can tell apart. */
const IDENTIFIERS = 36 ** 8;
/** Has no factor in common with 36, so that different places have different identifiers. */
const SPREAD = 1_000_003;

function identifier(place: number): string {
  const number = (place * SPREAD + 777_777_777) % IDENTIFIERS;
  return `RS${number.toString(36).toUpperCase().padStart(8, '0')}`;
}

const capitalised = (text: string): string =>
  text.replaceAll(/(^| )[a-z]/g, (letters) => letters.toUpperCase());

function dollars(cents: number): string {
  const [whole = '0', part = '00'] = (cents / 100).toFixed(2).split('.');
  const grouped = whole.length > 3 ? `${whole.slice(0, -3)},${whole.slice(-3)}` : whole;
  return `$${grouped}.${part}`;
}

/** Most products have one price, some a range, a few none. */
function drawPricing([low, high]: readonly [number, number], draws: Draws): string {
  const price = low * 100 + draws.below((high - low) * 100);
  const shape = draws.below(10);
  if (shape === 0) return '';
  return shape < 7 ? dollars(price) : `${dollars(price)}${dollars(price + 100 + draws.below(price))}`;
}

function drawOptions(axes: readonly AxisName[], draws: Draws): Record<string, { value: string }[]> {
  const entries = axes.map((axis) => {
    const { name, values } = AXES[axis];
    return [name, draws.sample(values, 2 + draws.below(3)).map((value) => ({ value }))] as const;
  });
  return Object.fromEntries(entries);
}

interface Made {
  readonly product: Product;
  readonly instruction: ProductInstruction;
}

function makeProduct(department: Department, kind: ProductKind, seed: number, place: number): Made {
  const draws = createDraws([STREAM, seed, place]);
  const own = draws.sample(kind.attributes, 2 + draws.below(2));
  const shared = draws.sample(department.attributes, 1 + draws.below(3));
  const attributes = [...own, ...shared];
  const [use = 'daily use', otherUse = use] = draws.sample(department.uses, 2);
  const brand = `${draws.pick(BRAND_STARTS)}${draws.pick(BRAND_ENDS)}`;
  const model = `${brand.charAt(0)}${100 + place}`;
  const [first = '', second = ''] = own;
  const asin = identifier(place);
  const where = `generated: item ${place} (${asin})`;
  const raw = {
    name: `${brand} ${model} ${draws.pick(GRADES)} ${kind.noun}, ${capitalised(first)}, ${capitalised(second)}, for ${capitalised(use)}`,
    category: department.category,
    query: kind.query,
    product_category: `${department.hall} › ${kind.shelf}`,
    pricing: drawPricing(kind.price, draws),
    full_description: [
      draws.pick(OPENINGS),
      `The ${brand} ${model} is one of our ${kind.query}: ${attributes.join(', ')}.`,
      `It suits ${use} and ${otherUse}.`,
      draws.pick(CLOSINGS),
    ].join(' '),
    small_description: [
      `${kind.noun}: ${attributes.join(', ')}`,
      ...attributes.map(
        (attribute) => `${capitalised(attribute)}, as ${use} need${use.endsWith('s') ? '' : 's'} it`,
      ),
    ],
    customization_options: drawOptions(kind.axes, draws),
  };
  const wanted = draws.sample(attributes, 1 + draws.below(3));
  const instruction = {
    attributes,
    instruction: `Find me ${wanted.join(', ')} ${kind.query} for ${use}`,
    instruction_attributes: wanted,
  };
  return {
    product: parseProduct(asItem(where, raw), asin, attributes),
    instruction: parseInstruction(where, instruction),
  };
}

/**
 * A made-up catalogue in the form of the original files: products of several departments, medical supplies among
 * them, each with an instruction. The same options give the same catalogue.
 */
export function generateCatalogue(options: GenerateOptions = {}): Catalogue {
  const { seed = 0, productsPerKind = PRODUCTS_PER_KIND } = options;
  const kinds = DEPARTMENTS.flatMap((department) => department.kinds.map((kind) => ({ department, kind })));
  const made = Array.from({ length: productsPerKind }).flatMap((_, round) =>
    kinds.map(({ department, kind }, index) =>
      makeProduct(department, kind, seed, round * kinds.length + index),
    ),
  );
  return {
    products: made.map(({ product }) => product),
    instructions: new Map(made.map(({ product, instruction }) => [product.asin, instruction])),
    humanInstructions: new Map(),
  };
}
