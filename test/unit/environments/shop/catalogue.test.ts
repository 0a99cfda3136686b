import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  buildShop,
  chargedPrice,
  findShopFiles,
  loadCatalogue,
  parsePrices,
  priceTag,
  readJsonElements,
  ShopError,
  ShopSession,
} from '@residency/environments';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { referenceFile } from '../../../support/reference-data.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';

type Shape = Parameters<typeof readJsonElements>[1];

async function elementsOf(path: string, shape: Shape): Promise<(readonly [string | null, unknown])[]> {
  const found: (readonly [string | null, unknown])[] = [];
  for await (const { key, value } of readJsonElements(path, shape)) found.push([key, value]);
  return found;
}

async function readText(text: string | Buffer, shape: Shape) {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'items.json');
  await writeFile(path, text);
  return await elementsOf(path, shape);
}

const item = (fields: Record<string, unknown> = {}) => ({
  asin: 'B000000001',
  name: 'A Lamp',
  category: 'garden',
  query: 'Desk Lamps',
  product_category: 'Home › Lamps',
  pricing: '$9.50',
  full_description: 'Bright.',
  small_description: ['One', 'Two'],
  customization_options: '',
  images: [],
  ...fields,
});

async function load(items: readonly unknown[], instructions: object = {}, humanInstructions: object = {}) {
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'items_shuffle_9.json'), JSON.stringify(items));
  await writeFile(join(folder.path, 'items_ins_v2_9.json'), JSON.stringify(instructions));
  await writeFile(join(folder.path, 'items_human_ins.json'), JSON.stringify(humanInstructions));
  return await loadCatalogue(await findShopFiles(folder.path));
}

describe('prices', () => {
  test.each([
    ['', '$100.0'],
    ['$13.99', '$13.99'],
    ['$10.00', '$10.0'],
    ['$1,847.00', '$1847.0'],
    ['$13.99$16.99', '$13.99 to $16.99'],
    ['$1,000.50$2,000.00$3.00', '$1000.5 to $2000.0'],
    [' $7. ', '$7.0'],
  ])('of %j are shown as %s', (pricing, tag) => {
    const prices = parsePrices(pricing);
    expect(prices && priceTag(prices)).toBe(tag);
  });

  test.each(['9.99', '$', '$x', '$1$', '$-3', 'about $9', '$1e3', '$Infinity'])('are not %j', (pricing) => {
    expect(parsePrices(pricing)).toBeNull();
  });

  test('charged are the price, or lie within the range, decided by seed and place', () => {
    expect(chargedPrice([12.5], 1, 4)).toBe(12.5);
    const draws = Array.from({ length: 500 }, (_, place) => chargedPrice([10, 20], 7, place));
    expect(draws.every((price) => price >= 10 && price < 20)).toBe(true);
    expect(draws.reduce((sum, price) => sum + price, 0) / 500).toBeCloseTo(15, 0);
    expect(chargedPrice([10, 20], 7, 3)).toBe(draws[3]);
    expect(chargedPrice([10, 20], 8, 3)).not.toBe(draws[3]);
  });
});

describe('readJsonElements', () => {
  test('gives what JSON.parse gives, whatever the texts and the spaces', async () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 5 }), fc.constantFrom(0, 2), async (list, indent) => {
        const text = JSON.stringify(list, null, indent);
        const want: unknown = JSON.parse(text);
        expect((await readText(` \n${text}\n`, 'list')).map(([, entry]) => entry)).toEqual(want);
      }),
      { numRuns: 40 },
    );
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), value, { maxKeys: 5 }), async (entries) => {
        const found = await readText(JSON.stringify(entries), 'object');
        expect(found).toEqual(Object.entries(JSON.parse(JSON.stringify(entries)) as object));
      }),
      { numRuns: 40 },
    );
  });

  test('joins elements that lie across chunks, and characters too', async () => {
    const list = Array.from({ length: 300 }, (_, index) => ({ text: 'é"\\[{,'.repeat(index), index }));
    expect((await readText(JSON.stringify(list), 'list')).map(([, entry]) => entry)).toEqual(list);
  });

  test('skips a byte order mark', async () => {
    expect(await readText('\ufeff[1]', 'list')).toEqual([[null, 1]]);
  });

  test.each<[string | Buffer, Shape, string]>([
    ['', 'list', 'item 0: after 0 items: found the file ends, want the end of its list'],
    ['[1, 2', 'list', 'item 1: after 1 items: found the file ends'],
    ['[1, 2,]', 'list', 'item 2: after 2 items: found a comma before the end, want an item'],
    ['[1,,2]', 'list', 'item 1: after 1 items: found nothing before a comma'],
    ['[1] x', 'list', 'found more text, want the end of the file'],
    ['{"a": 1}', 'list', "found '{', want a JSON list"],
    ['[1}', 'list', "found '}', want the end of a JSON list"],
    ['[{]}]', 'list', 'items.json: item 0: '],
    ['[1, NaN]', 'list', 'items.json: item 1: '],
    ['{"a"}', 'object', 'items.json: item 0: '],
    [Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), 'list', 'items.json: item 0: '],
    [`["${'x'.repeat(17 * 1024 * 1024)}"]`, 'list', 'found an item of more than 16777216 bytes'],
  ])('refuses what is no such file, naming the item (case %#)', async (text, shape, message) => {
    const failure = await readText(text, shape).catch((thrown: unknown) => thrown);

    expect(failure).toBeInstanceOf(ShopError);
    expect(failure).toMatchObject({ code: 'SHOP_FILE', message: expect.stringContaining(message) });
  });

  test('refuses a file that is not there', async () => {
    await expect(elementsOf('/nowhere/items.json', 'list')).rejects.toMatchObject({ code: 'SHOP_FILE' });
  });
});

describe('loadCatalogue', () => {
  test('follows the load rules', async () => {
    const options = { Color: [{ value: ' Red/Blue ', image: null }, { value: 'TEAL' }], Size: null };
    const { products } = await load(
      [
        item({ customization_options: options }),
        item({ name: 'The same again' }),
        item({ asin: 'nan' }),
        item({ asin: 'B0000000010' }),
        item({ asin: 'B000000002', pricing: '', small_description: 'Alone', full_description: null }),
      ],
      { B000000001: { attributes: ['bright light'] } },
    );

    expect(products).toEqual([
      {
        asin: 'B000000001',
        title: 'A Lamp',
        description: 'Bright.',
        bullets: ['One', 'Two'],
        category: 'garden',
        query: 'desk lamps',
        productCategory: 'Home › Lamps',
        attributes: ['bright light'],
        options: [{ name: 'color', values: ['red | blue', 'teal'] }],
        prices: [9.5],
        priceTag: '$9.5',
      },
      expect.objectContaining({
        asin: 'B000000002',
        bullets: ['Alone'],
        description: '',
        attributes: ['DUMMY_ATTR'],
        priceTag: '$100.0',
      }),
    ]);
  });

  test('gives what a shop is built from and played in', async () => {
    const options = { Size: [{ value: 'S/M' }, { value: 'L' }] };
    const loaded = await load(
      [item({ customization_options: options, pricing: '$20$30' })],
      {
        B000000001: {
          attributes: ['bright light', 'easy clean'],
          instruction: 'Find me bright light lamps',
          instruction_attributes: ['bright light'],
        },
      },
      {
        B000000001: [
          {
            instruction: 'a lamp, medium.',
            instruction_attributes: ['easy clean'],
            instruction_options: ['s | m'],
          },
        ],
      },
    );
    for (const [source, count] of [
      ['synthetic', 2],
      ['human', 1],
    ] as const) {
      const built = buildShop(loaded, { source, seed: 4 });
      const goal = built.goals.find((candidate) => candidate.options.some(({ value }) => value === 's | m'));
      if (goal === undefined) throw new Error('no goal');
      const session = new ShopSession(built, goal);
      const actions = ['search[a lamp]', 'click[b000000001]', 'click[s | m]', 'click[buy now]'];

      expect(built.goals).toHaveLength(count);
      expect(actions.map((action) => session.act(action).reward)).toEqual([0, 0, 0, 1]);
    }
  });

  test('reads no more items than it may', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'items_shuffle.json');
    await writeFile(path, `[${JSON.stringify(item())}, {"asin": "never read`);

    expect((await loadCatalogue({ products: path }, { limit: 1 })).products).toHaveLength(1);
    await expect(loadCatalogue({ products: path }, { limit: 2 })).rejects.toMatchObject({
      code: 'SHOP_FILE',
    });
    await expect(loadCatalogue({ products: path }, { limit: 0 })).rejects.toMatchObject({
      code: 'SHOP_SETTING',
    });
  });

  const file = 'items_shuffle_9.json: item 0';
  test.each<[string, Record<string, unknown>, string]>([
    ['no identifier', { asin: 7 }, `${file}.asin is 7, want text`],
    ['a title of another form', { name: ['x'] }, `${file} (B000000001).name is ["x"], want text`],
    ['a price that is none', { pricing: 'cheap' }, `${file} (B000000001).pricing is "cheap", want`],
    [
      'a bullet that is no text',
      { small_description: [1] },
      `${file} (B000000001).small_description[0] is 1`,
    ],
    [
      'options of text',
      { customization_options: 'red' },
      '.customization_options is "red", want an empty text',
    ],
    ['values of text', { customization_options: { Color: 'red' } }, '.customization_options.Color is "red"'],
    [
      'a value without text',
      { customization_options: { Color: [{}] } },
      'Color[0].value is absent, want text',
    ],
    [
      'an endless label',
      { customization_options: { Color: [{ value: 'x'.repeat(1_001) }] } },
      'want text of at most 1000 characters',
    ],
    [
      'options without end',
      { customization_options: Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`o${n}`, []])) },
      'want at most 50 options',
    ],
  ])('refuses %s, naming the file and the item', async (_what, fields, message) => {
    await expect(load([item(fields)])).rejects.toMatchObject({
      code: 'SHOP_ITEM',
      message: expect.stringContaining(message),
    });
  });

  test.each<[string, object, object, string]>([
    ['an item that is no object', { X: 3 }, {}, 'items_ins_v2_9.json: item X is 3, want an object'],
    [
      'attributes of text',
      { X: { attributes: 'red' } },
      {},
      'item X.attributes is "red", want a list of texts',
    ],
    [
      'an instruction for nothing',
      { X: { attributes: [], instruction: 'Find' } },
      {},
      'item X.instruction_attributes',
    ],
    ['a person without a list', {}, { X: {} }, 'items_human_ins.json: item X is {}, want a list'],
    ['a person who says nothing', {}, { X: [{}] }, 'item X[0].instruction is "", want text'],
  ])('refuses instructions: %s', async (_what, instructions, human, message) => {
    await expect(load([], instructions, human)).rejects.toMatchObject({
      code: 'SHOP_ITEM',
      message: expect.stringContaining(message),
    });
  });

  test('refuses a folder without products, and one with two', async () => {
    await expect(findShopFiles('/nowhere')).rejects.toMatchObject({ code: 'SHOP_FILE', param: '/nowhere' });
    await using folder = await temporaryFolder();
    await expect(findShopFiles(folder.path)).rejects.toMatchObject({
      code: 'SHOP_FILE',
      param: 'items_shuffle',
    });
    await writeFile(join(folder.path, 'items_shuffle.json'), '[]');
    await writeFile(join(folder.path, 'items_shuffle_1000.json'), '[]');
    await expect(findShopFiles(folder.path)).rejects.toThrow(
      'found both items_shuffle.json and items_shuffle_1000.json',
    );
  });
});

const sample = referenceFile('golden', 'webshop', 'products_sample.json');
const instructions = referenceFile('golden', 'webshop', 'items_ins_v2_1000.json');
const human = referenceFile('golden', 'webshop', 'items_human_ins_10k_subset.json');

describe.skipIf(sample === null || instructions === null || human === null)('the published files', () => {
  const files = { products: sample ?? '', instructions: instructions ?? '', humanInstructions: human ?? '' };

  test('are read whole', async () => {
    const { products, instructions: found, humanInstructions } = await loadCatalogue(files, { limit: 5 });

    expect(found.size).toBe(1_000);
    expect([...found.values()].filter(({ instruction }) => instruction !== null)).toHaveLength(415);
    expect([...found.values()].filter(({ attributes }) => attributes.length > 0)).toHaveLength(815);
    expect(humanInstructions.size).toBe(98);
    expect([...humanInstructions.values()].flat()).toHaveLength(107);
    expect(products.map(({ asin, priceTag: tag }) => [asin, tag])).toEqual([
      ['B06Y3VLDFB', '$877.8'],
      ['B08R3XSC65', '$100.0'],
      ['B09DG92LJL', '$557.72'],
      ['B07B6DVG41', '$34.0'],
      ['B09688C4XM', '$1847.0'],
    ]);
    expect(products[2]?.options).toEqual([]);
    expect(products[4]?.options).toEqual([
      { name: 'color', values: ['gs2900', 'gs2900b'] },
      { name: 'size', values: ['3psc', 'c', 'large', 'small'] },
    ]);
    expect(products[3]?.attributes).toEqual(found.get('B07B6DVG41')?.attributes);
  });

  test('are refused where they hold no options', async () => {
    await expect(loadCatalogue(files)).rejects.toThrow(
      'products_sample.json: item 5 (B09QSL1ZZ3).customization_options is "(not read)"',
    );
  });
});
