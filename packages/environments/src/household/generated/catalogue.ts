/** What may be kept together. */
export type Category = 'crockery' | 'linen' | 'instrument' | 'bottle' | 'food' | 'paper' | 'personal';

/** A class of places of a ward; its name has no spaces and is the name that players read. */
export interface PlaceClass {
  readonly name: string;
  readonly isOpenable: boolean;
  readonly keeps: readonly Category[];
}

export interface ThingClass {
  readonly name: string;
  readonly category: Category;
  readonly traits: readonly ('cleanable' | 'heatable' | 'coolable')[];
}

const open = (name: string, ...keeps: Category[]): PlaceClass => ({ name, isOpenable: false, keeps });
const shut = (name: string, ...keeps: Category[]): PlaceClass => ({ name, isOpenable: true, keeps });

/** Where something is washed, warmed and chilled. */
export const WASHSTAND: PlaceClass = open('washstand', 'crockery', 'instrument', 'linen');
export const WARMER: PlaceClass = shut('warmer', 'linen', 'bottle', 'food', 'crockery');
export const FRIDGE: PlaceClass = shut('fridge', 'bottle', 'food', 'crockery');

/** Where a lamp may stand. */
export const LAMP_PLACES: readonly PlaceClass[] = [
  open('desk', 'paper', 'personal', 'instrument'),
  open('nightstand', 'crockery', 'paper', 'personal'),
];

/** Every class of places. */
export const PLACES: readonly PlaceClass[] = [
  ...LAMP_PLACES,
  open('shelf', 'linen', 'crockery', 'paper', 'instrument', 'bottle'),
  open('trolley', 'instrument', 'bottle', 'linen', 'crockery', 'food'),
  open('counter', 'crockery', 'food', 'bottle', 'paper', 'instrument'),
  open('bed', 'linen', 'personal', 'paper'),
  open('hamper', 'linen'),
  WASHSTAND,
  WARMER,
  FRIDGE,
  shut('drawer', 'paper', 'instrument', 'personal'),
  shut('cabinet', 'bottle', 'instrument', 'linen', 'crockery'),
  shut('locker', 'personal', 'linen'),
];

const thing = (name: string, category: Category, traits: ThingClass['traits']): ThingClass => ({
  ...{ name, category, traits },
});

/** Every class of things that can be carried. */
export const THINGS: readonly ThingClass[] = [
  thing('mug', 'crockery', ['cleanable', 'heatable', 'coolable']),
  thing('bowl', 'crockery', ['cleanable', 'heatable', 'coolable']),
  thing('plate', 'crockery', ['cleanable', 'heatable', 'coolable']),
  thing('spoon', 'crockery', ['cleanable']),
  thing('towel', 'linen', ['cleanable', 'heatable']),
  thing('blanket', 'linen', ['cleanable', 'heatable']),
  thing('gown', 'linen', ['cleanable', 'heatable']),
  thing('pillow', 'linen', []),
  thing('thermometer', 'instrument', ['cleanable']),
  thing('stethoscope', 'instrument', ['cleanable']),
  thing('forceps', 'instrument', ['cleanable']),
  thing('scissors', 'instrument', ['cleanable']),
  thing('saline', 'bottle', ['heatable', 'coolable']),
  thing('vaccine', 'bottle', ['coolable']),
  thing('syrup', 'bottle', ['coolable']),
  thing('soup', 'food', ['heatable', 'coolable']),
  thing('sandwich', 'food', ['heatable', 'coolable']),
  thing('chart', 'paper', []),
  thing('letter', 'paper', []),
  thing('form', 'paper', []),
  thing('book', 'personal', []),
  thing('phone', 'personal', []),
  thing('watch', 'personal', []),
  thing('keyring', 'personal', []),
];

/** What is switched on to look at something. */
export const LAMP = 'lamp';

export const keeps = (place: PlaceClass, what: ThingClass): boolean => place.keeps.includes(what.category);
