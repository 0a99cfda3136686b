import { type Department, kind } from './kind.js';

/** Clothes of patients and staff, and of everybody. */
export const clothing: Department = {
  category: 'fashion',
  hall: 'Clothing, Shoes & Jewelry › Clothing',
  attributes: [
    'machine washable',
    'quick drying',
    'day comfort',
    'relaxed fit',
    'tumble dry',
    'stretch fabric',
  ],
  uses: ['work', 'weekends', 'winter', 'the gym', 'long shifts', 'the office'],
  kinds: [
    kind(
      ['Scrub Top', 'scrub tops', 'Uniforms › Scrubs'],
      'chest pocket, v neck, fade resistant, side slits',
      ['clothing size', 'color'],
      [16, 48],
    ),
    kind(
      ['Lab Coat', 'lab coats', 'Uniforms › Lab Coats'],
      'button closure, three pockets, knee length, fluid repellent',
      ['clothing size'],
      [24, 70],
    ),
    kind(
      ['Rain Jacket', 'rain jackets', 'Jackets › Rain'],
      'packable hood, sealed seams, windproof shell, reflective trim',
      ['clothing size', 'color'],
      [35, 180],
    ),
    kind(
      ['Jogger Pants', 'jogger pants', 'Pants › Joggers'],
      'drawstring waist, tapered leg, zipper pockets, fleece lining',
      ['clothing size', 'color'],
      [18, 62],
    ),
    kind(
      ['Crew Socks', 'crew socks', 'Socks › Crew'],
      'cushioned sole, arch support, seamless toe, merino wool',
      ['unisex size', 'color'],
      [8, 30],
    ),
    kind(
      ['Polo Shirt', 'polo shirts', 'Shirts › Polos'],
      'short sleeve, button placket, ribbed collar, breathable cotton',
      ['clothing size', 'color'],
      [14, 58],
    ),
    kind(
      ['Knit Beanie', 'knit beanies', 'Accessories › Hats'],
      'cuffed brim, double layer, itch free, cable pattern',
      ['color'],
      [9, 34],
    ),
    kind(
      ['Leather Belt', 'leather belts', 'Accessories › Belts'],
      'full grain leather, metal buckle, stitched edge, gift box',
      ['clothing size', 'color'],
      [17, 75],
    ),
  ],
};

/** Footwear. */
export const shoes: Department = {
  category: 'fashion',
  hall: 'Clothing, Shoes & Jewelry › Shoes',
  attributes: [
    'slip resistant',
    'arch support',
    'memory foam',
    'rubber sole',
    'day comfort',
    'lightweight design',
  ],
  uses: ['nurses', 'walking', 'restaurants', 'running', 'travel', 'standing all day'],
  kinds: [
    kind(
      ['Nursing Clogs', 'nursing clogs', 'Work & Safety › Clogs'],
      'closed back, washable upper, heel strap, shock absorbing',
      ['shoe size', 'color'],
      [29, 140],
    ),
    kind(
      ['Running Shoes', 'running shoes', 'Athletic › Running'],
      'breathable mesh, heel cushion, wide toe box, reflective laces',
      ['shoe size', 'color'],
      [39, 165],
    ),
    kind(
      ['Ankle Boots', 'ankle boots', 'Boots › Ankle'],
      'side zipper, block heel, faux suede, winter lining',
      ['shoe size', 'color'],
      [42, 190],
    ),
    kind(
      ['House Slippers', 'house slippers', 'Slippers'],
      'plush lining, indoor outdoor, open back, anti skid',
      ['unisex size', 'color'],
      [12, 45],
    ),
    kind(
      ['Hiking Sandals', 'hiking sandals', 'Sandals › Sport'],
      'hook and loop, quick release, deep tread, padded straps',
      ['shoe size', 'color'],
      [24, 110],
    ),
    kind(
      ['Canvas Sneakers', 'canvas sneakers', 'Sneakers › Fashion'],
      'lace up, vulcanized sole, cotton lining, low top',
      ['shoe size', 'color'],
      [22, 85],
    ),
  ],
};
