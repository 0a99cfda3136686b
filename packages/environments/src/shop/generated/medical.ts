import { type Department, kind } from './kind.js';

/** Devices and dressings for wards and homes. */
export const medicalDevices: Department = {
  category: 'medical',
  hall: 'Health & Household › Medical Supplies & Equipment',
  attributes: [
    'latex free',
    'easy clean',
    'easy use',
    'clinically tested',
    'high accuracy',
    'long lasting',
    'one hand operation',
  ],
  uses: ['home care', 'clinics', 'travel', 'older adults', 'wards', 'first responders'],
  kinds: [
    kind(
      ['Blood Pressure Monitor', 'blood pressure monitors', 'Monitors › Blood Pressure'],
      'upper arm cuff, irregular heartbeat alert, large display, memory storage',
      ['color', 'count'],
      [24, 95],
    ),
    kind(
      ['Pulse Oximeter', 'pulse oximeters', 'Monitors › Pulse Oximeters'],
      'fingertip probe, batteries included, fast reading, carrying case',
      ['color'],
      [14, 60],
    ),
    kind(
      ['Digital Thermometer', 'digital thermometers', 'Monitors › Thermometers'],
      'flexible tip, fever alarm, water resistant, contact free',
      ['color', 'count'],
      [8, 45],
    ),
    kind(
      ['Stethoscope', 'stethoscopes', 'Diagnostics › Stethoscopes'],
      'dual head, tunable diaphragm, soft ear tips, stainless steel',
      ['color', 'length'],
      [19, 210],
    ),
    kind(
      ['Compression Stockings', 'compression stockings', 'Braces & Supports › Stockings'],
      'knee high, open toe, moisture wicking, graduated compression',
      ['clothing size', 'pressure', 'color'],
      [15, 48],
    ),
    kind(
      ['Wrist Brace', 'wrist braces', 'Braces & Supports › Wrist'],
      'removable splint, breathable mesh, adjustable straps, night support',
      ['side', 'unisex size'],
      [12, 39],
    ),
    kind(
      ['Rollator Walker', 'rollator walkers', 'Mobility Aids › Walkers'],
      'folding frame, padded seat, locking brakes, height adjustable',
      ['color'],
      [69, 1_350],
    ),
    kind(
      ['Wheelchair Cushion', 'wheelchair cushions', 'Mobility Aids › Cushions'],
      'memory foam, washable cover, non slip base, pressure relief',
      ['square', 'color'],
      [22, 160],
    ),
  ],
};

/** What is used once, or kept in a cupboard. */
export const medicalSupplies: Department = {
  category: 'medical',
  hall: 'Health & Household › Care Supplies',
  attributes: [
    'latex free',
    'individually wrapped',
    'hypoallergenic',
    'sensitive skin',
    'fragrance free',
    'easy carry',
  ],
  uses: ['first aid', 'clinics', 'home care', 'travel', 'sports teams', 'schools'],
  kinds: [
    kind(
      ['Nitrile Exam Gloves', 'exam gloves', 'Personal Protection › Gloves'],
      'powder free, textured fingertips, single use, chemical resistant',
      ['glove size', 'color'],
      [9, 42],
    ),
    kind(
      ['Gauze Bandage Rolls', 'gauze bandages', 'Wound Care › Gauze'],
      'sterile cotton, high absorbency, soft stretch, lint free',
      ['width', 'count'],
      [6, 28],
    ),
    kind(
      ['Foam Wound Dressing', 'wound dressings', 'Wound Care › Dressings'],
      'silicone border, waterproof film, gentle removal, moist healing',
      ['square', 'count'],
      [12, 75],
    ),
    kind(
      ['Adhesive Medical Tape', 'medical tapes', 'Wound Care › Tapes'],
      'strong hold, easy tear, breathable fabric, residue free',
      ['width', 'count'],
      [5, 26],
    ),
    kind(
      ['Weekly Pill Organizer', 'pill organizers', 'Medication Aids › Organizers'],
      'seven compartments, push button lid, bpa free, braille lettering',
      ['color', 'count'],
      [6, 24],
    ),
    kind(
      ['Reusable Gel Ice Pack', 'gel ice packs', 'Therapy › Hot & Cold'],
      'leak proof, stays flexible, microwave safe, fabric sleeve',
      ['unisex size', 'count'],
      [9, 36],
    ),
    kind(
      ['First Aid Kit', 'first aid kits', 'First Aid › Kits'],
      'hard case, wall mountable, labelled pockets, refillable set',
      ['color', 'count'],
      [18, 120],
    ),
    kind(
      ['Hand Sanitizer', 'hand sanitizers', 'Hygiene › Sanitizers'],
      'quick drying, aloe vera, pump bottle, alcohol based',
      ['volume', 'scent'],
      [4, 30],
    ),
  ],
};
