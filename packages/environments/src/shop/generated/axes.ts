/** What a made-up product may be chosen by. */
export type AxisName =
  | 'color'
  | 'clothing size'
  | 'unisex size'
  | 'shoe size'
  | 'glove size'
  | 'count'
  | 'volume'
  | 'weight'
  | 'flavor'
  | 'scent'
  | 'length'
  | 'pressure'
  | 'bed size'
  | 'square'
  | 'width'
  | 'storage'
  | 'power'
  | 'finish'
  | 'side';

export interface Axis {
  /** The option's name on the page. */
  readonly name: string;
  /** Values as a shop writes them, in its order. */
  readonly values: readonly string[];
}

const axis = (name: string, values: string): Axis => ({ name, values: values.split(', ') });

/** Values of one product's options never coincide: axes of one name are never used together. */
export const AXES: { readonly [A in AxisName]: Axis } = {
  color: axis(
    'Color',
    'White, Black, Navy Blue, Light Grey, Teal, Burgundy, Rose Gold, Forest Green, Lavender, Coral, Beige, Charcoal',
  ),
  'clothing size': axis('Size', 'X-Small, Small, Medium, Large, X-Large, XX-Large, 3X-Large'),
  'unisex size': axis('Size', 'XS/S, S/M, L/XL, XXL/3XL'),
  'shoe size': axis('Size', '6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10, 11 Wide'),
  'glove size': axis(
    'Size',
    'Small (Pack of 100), Medium (Pack of 100), Large (Pack of 100), Large (Pack of 200)',
  ),
  count: axis('Item Package Quantity', '1, 2, 4, 6, 10, 25, 50'),
  volume: axis('Size', '1 Fl Oz, 2 Fl Oz, 4 Fl Oz, 8 Fl Oz, 12 Fl Oz (Pack of 2), 16 Fl Oz'),
  weight: axis('Size', '4 Ounce (Pack of 1), 8 Ounce (Pack of 1), 8 Ounce (Pack of 6), 1.5 Pound, 3 Pound'),
  flavor: axis(
    'Flavor Name',
    'Sea Salt, Dark Chocolate, Lemon Ginger, Honey Cinnamon, Mint, Vanilla Bean, Wild Berry, Smoky Maple',
  ),
  scent: axis('Scent', 'No Scent, Eucalyptus, Fresh Linen, Citrus, Cedar, Lavender Field, Sweet Almond'),
  length: axis('Length', '3 Feet, 6 Feet, 10 Feet, 15 Feet'),
  pressure: axis('Pressure Level', '8-15 mmHg, 15-20 mmHg, 20-30 mmHg, 30-40 mmHg'),
  'bed size': axis('Size', 'Twin, Twin XL, Full, Queen, King, California King'),
  square: axis('Size', '12 x 12 Inch, 16 x 16 Inch, 18 x 18 Inch, 24 x 24 Inch'),
  width: axis('Width', '1 Inch, 2 Inch, 3 Inch, 4 Inch, 6 Inch'),
  storage: axis('Capacity', '32 GB, 64 GB, 128 GB, 256 GB, 512 GB'),
  power: axis('Power', '20 W, 30 W, 45 W, 65 W, 100 W'),
  finish: axis('Finish', 'Oak, Walnut, Matte Black, Brushed Steel, Antique Bronze'),
  side: axis('Side', 'Left, Right, Left/Right Pair'),
};
