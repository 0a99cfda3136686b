import { type Department, kind } from './kind.js';

/** Things with plugs and batteries. */
export const electronics: Department = {
  category: 'electronics',
  hall: 'Electronics',
  attributes: [
    'high speed',
    'plug and play',
    'easy install',
    'energy saving',
    'batteries included',
    'compact size',
  ],
  uses: ['home offices', 'travel', 'students', 'cars', 'gaming', 'video calls'],
  kinds: [
    kind(
      ['USB Wall Charger', 'usb wall chargers', 'Accessories › Chargers'],
      'fast charging, foldable plug, surge protection, dual port',
      ['power', 'color'],
      [9, 58],
    ),
    kind(
      ['Braided Charging Cable', 'charging cables', 'Accessories › Cables'],
      'nylon braided, reinforced ends, data transfer, cable tie',
      ['length', 'color'],
      [6, 26],
    ),
    kind(
      ['Wireless Earbuds', 'wireless earbuds', 'Audio › Headphones'],
      'noise cancelling, touch control, sweat proof, charging case',
      ['color'],
      [19, 180],
    ),
    kind(
      ['Memory Card', 'memory cards', 'Storage › Cards'],
      'shock proof, adapter included, class ten, temperature proof',
      ['storage', 'count'],
      [8, 120],
    ),
    kind(
      ['Mechanical Keyboard', 'mechanical keyboards', 'Computers › Keyboards'],
      'hot swappable, backlit keys, detachable cable, quiet switches',
      ['color'],
      [29, 210],
    ),
    kind(
      ['Webcam', 'webcams', 'Computers › Cameras'],
      'privacy shutter, auto focus, stereo microphone, tripod mount',
      ['count', 'length'],
      [19, 150],
    ),
    kind(
      ['Portable Projector', 'portable projectors', 'Video › Projectors'],
      'keystone correction, built in speaker, screen mirroring, ceiling mount',
      ['color', 'power'],
      [79, 1_490],
    ),
  ],
};
