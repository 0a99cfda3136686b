import { type Department, kind } from './kind.js';

/** Skin, hair and teeth. */
export const beauty: Department = {
  category: 'beauty',
  hall: 'Beauty & Personal Care',
  attributes: [
    'cruelty free',
    'paraben free',
    'sensitive skin',
    'plant based',
    'dermatologist tested',
    'long lasting',
  ],
  uses: ['daily use', 'dry skin', 'travel', 'teenagers', 'gift sets', 'winter'],
  kinds: [
    kind(
      ['Moisturizing Shampoo', 'moisturizing shampoos', 'Hair Care › Shampoos'],
      'sulfate free, coconut oil, damaged hair, color safe',
      ['volume', 'scent'],
      [7, 36],
    ),
    kind(
      ['Body Lotion', 'body lotions', 'Skin Care › Body'],
      'shea butter, fast absorbing, ceramide complex, oatmeal extract',
      ['volume', 'scent'],
      [6, 34],
    ),
    kind(
      ['Mineral Sunscreen', 'mineral sunscreens', 'Skin Care › Sun'],
      'zinc oxide, reef safe, water resistant, broad spectrum',
      ['volume', 'count'],
      [9, 42],
    ),
    kind(
      ['Lip Balm', 'lip balms', 'Skin Care › Lips'],
      'beeswax base, vitamin e, tinted finish, twist tube',
      ['flavor', 'count'],
      [3, 22],
    ),
    kind(
      ['Electric Toothbrush', 'electric toothbrushes', 'Oral Care › Toothbrushes'],
      'two minute timer, soft bristles, travel case, pressure sensor',
      ['color', 'count'],
      [19, 135],
    ),
    kind(
      ['Bamboo Hair Brush', 'hair brushes', 'Hair Care › Brushes'],
      'detangling bristles, wooden handle, scalp massage, vented back',
      ['finish'],
      [7, 29],
    ),
    kind(
      ['Roll On Deodorant', 'deodorants', 'Deodorants'],
      'aluminum free, no stain formula, baking soda, all day dryness',
      ['scent', 'count'],
      [5, 24],
    ),
  ],
};
