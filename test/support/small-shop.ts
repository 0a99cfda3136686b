import type { Catalogue, Goal, Product } from '@residency/environments';

/** A product with only the fields that a test names. */
export function product(fields: Partial<Product> = {}): Product {
  return {
    asin: 'T000000001',
    title: 'Plain Thing',
    description: '',
    bullets: [],
    category: 'test',
    query: 'things',
    productCategory: 'Hall › Shelf › Things',
    attributes: [],
    options: [],
    prices: [20],
    priceTag: '$20.0',
    ...fields,
  };
}

/** A goal with only the fields that a test names. */
export function goal(fields: Partial<Goal> = {}): Goal {
  const { asin, title, category, query, productCategory } = product();
  return {
    asin,
    title,
    category,
    query,
    productCategory,
    text: 'Find me a plain thing',
    attributes: ['plain'],
    options: [],
    priceUpper: 1_000_000,
    weight: 1,
    ...fields,
  };
}

/** A catalogue of products, each asked for by the attributes it has. */
export function catalogue(...products: readonly Product[]): Catalogue {
  return {
    products,
    instructions: new Map(
      products.map(({ asin, query, attributes }) => [
        asin,
        { attributes, instruction: `Find me ${query}`, instructionAttributes: attributes },
      ]),
    ),
    humanInstructions: new Map(),
  };
}
