import { type Department, kind } from './kind.js';

/** Food that keeps. */
export const grocery: Department = {
  category: 'grocery',
  hall: 'Grocery & Gourmet Food',
  attributes: ['gluten free', 'non gmo', 'low sodium', 'dairy free', 'certified organic', 'no added sugar'],
  uses: ['snacking', 'breakfast', 'lunch boxes', 'baking', 'hikes', 'the pantry'],
  kinds: [
    kind(
      ['Roasted Almonds', 'roasted almonds', 'Snacks › Nuts'],
      'dry roasted, resealable bag, protein rich, small batch',
      ['flavor', 'weight'],
      [6, 42],
    ),
    kind(
      ['Oat Granola', 'oat granola', 'Breakfast › Cereals'],
      'whole grain, honey sweetened, crunchy clusters, fiber rich',
      ['flavor', 'weight'],
      [5, 36],
    ),
    kind(
      ['Rice Crackers', 'rice crackers', 'Snacks › Crackers'],
      'oven baked, thin cut, vegan recipe, multi seed',
      ['flavor', 'count'],
      [4, 30],
    ),
    kind(
      ['Herbal Tea Bags', 'herbal teas', 'Beverages › Tea'],
      'caffeine free, compostable bags, hand picked, loose leaf',
      ['flavor', 'count'],
      [4, 28],
    ),
    kind(
      ['Protein Powder', 'protein powders', 'Sports Nutrition › Powders'],
      'pea protein, mixes easily, amino acids, stevia sweetened',
      ['flavor', 'weight'],
      [18, 85],
    ),
    kind(
      ['Olive Oil', 'olive oils', 'Cooking › Oils'],
      'cold pressed, single estate, dark bottle, first harvest',
      ['volume', 'count'],
      [9, 60],
    ),
  ],
};
