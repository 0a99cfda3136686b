import type { Predicate } from './problem.js';
import { hasBit, type Mark, type State, type Trait, type World } from './world.js';

/** Whether a predicate holds of the things of two indices, the second 0 where it is about one. */
export type Holds = (world: World, state: State, first: number, second: number) => boolean;

export interface PredicateRow {
  /** Whether no action changes it. */
  readonly isFixed: boolean;
  readonly holds: Holds;
}

const fixed = (holds: Holds): PredicateRow => ({ isFixed: true, holds });
const changing = (holds: Holds): PredicateRow => ({ isFixed: false, holds });
const trait = (name: Trait): PredicateRow =>
  fixed(({ things }, _, thing) => things[thing]?.traits.has(name) ?? false);
const mark = (name: Mark): PredicateRow =>
  changing(({ layout }, state, thing) => hasBit(state, layout.marks[name], thing));

/** How each predicate is read off a state. */
export const predicates: { readonly [P in Predicate]: PredicateRow } = {
  atlocation: changing(({ layout }, state, _, location) => state[layout.location] === location),
  receptacleatlocation: fixed((world, _, r, location) => world.receptacles[r]?.location === location),
  objectatlocation: changing(({ layout }, state, thing, location) =>
    hasBit(state, layout.whereabouts + location * layout.words, thing),
  ),
  inreceptacle: changing(({ layout }, state, thing, receptacle) =>
    hasBit(state, layout.contents + receptacle * layout.words, thing),
  ),
  inreceptacleobject: fixed(({ things }, _, inner, outer) => things[outer]?.inside.includes(inner) ?? false),
  receptacletype: fixed((world, _, receptacle, type) => world.receptacles[receptacle]?.type === type),
  objecttype: fixed((world, _, thing, type) => world.things[thing]?.type === type),
  cancontain: fixed(({ fits, otypes }, _, rtype, otype) => fits.has(rtype * otypes + otype)),
  holds: changing(({ layout }, state, _, thing) => state[layout.held] === thing),
  holdsany: changing(({ layout }, state) => (state[layout.held] ?? -1) >= 0),
  openable: fixed((world, _, receptacle) => world.receptacles[receptacle]?.isOpenable ?? false),
  opened: changing(({ layout }, state, receptacle) => hasBit(state, layout.opened, receptacle)),
  isreceptacleobject: fixed(({ things }, _, thing) => things[thing]?.isReceptacle ?? false),
  pickupable: trait('pickupable'),
  cleanable: trait('cleanable'),
  heatable: trait('heatable'),
  coolable: trait('coolable'),
  toggleable: trait('toggleable'),
  sliceable: trait('sliceable'),
  isclean: mark('isclean'),
  ishot: mark('ishot'),
  iscool: mark('iscool'),
  ison: mark('ison'),
  istoggled: mark('istoggled'),
  issliced: mark('issliced'),
};
