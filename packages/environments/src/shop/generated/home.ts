import { type Department, kind } from './kind.js';

/** Rooms and kitchens. */
export const home: Department = {
  category: 'garden',
  hall: 'Home & Kitchen',
  attributes: ['easy clean', 'space saving', 'eco friendly', 'heavy duty', 'easy assemble', 'non toxic'],
  uses: ['living rooms', 'bedrooms', 'small flats', 'dining rooms', 'guest rooms', 'offices'],
  kinds: [
    kind(
      ['Throw Pillow Cover', 'throw pillow covers', 'Bedding › Decorative Pillows'],
      'hidden zipper, double sided, machine washable, velvet fabric',
      ['square', 'color'],
      [8, 32],
    ),
    kind(
      ['Bed Sheet Set', 'bed sheet sets', 'Bedding › Sheets'],
      'deep pocket, wrinkle resistant, cooling weave, extra soft',
      ['bed size', 'color'],
      [24, 95],
    ),
    kind(
      ['Console Table', 'console tables', 'Furniture › Tables'],
      'solid wood, storage drawer, lower shelf, anti scratch feet',
      ['finish'],
      [89, 1_250],
    ),
    kind(
      ['Desk Lamp', 'desk lamps', 'Lighting › Lamps'],
      'dimmable light, usb port, swing arm, touch control',
      ['finish', 'color'],
      [19, 85],
    ),
    kind(
      ['Blackout Curtains', 'blackout curtains', 'Window Treatments › Curtains'],
      'thermal insulated, grommet top, noise reducing, machine washable',
      ['length', 'color'],
      [17, 70],
    ),
    kind(
      ['Storage Basket', 'storage baskets', 'Storage › Baskets'],
      'woven rope, sturdy handles, foldable sides, open top',
      ['color', 'count'],
      [12, 55],
    ),
    kind(
      ['Stoneware Mug', 'stoneware mugs', 'Kitchen & Dining › Mugs'],
      'dishwasher safe, microwave safe, wide handle, hand glazed',
      ['color', 'volume'],
      [7, 38],
    ),
    kind(
      ['Chef Knife', 'chef knives', 'Kitchen & Dining › Cutlery'],
      'high carbon steel, full tang, ergonomic grip, blade guard',
      ['finish', 'count'],
      [18, 190],
    ),
  ],
};
