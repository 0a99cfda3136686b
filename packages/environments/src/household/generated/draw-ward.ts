import {
  FRIDGE,
  keeps,
  LAMP,
  LAMP_PLACES,
  PLACES,
  type PlaceClass,
  THINGS,
  type ThingClass,
  WARMER,
  WASHSTAND,
} from './catalogue.js';
import type { Draw } from './draw.js';
import type { Level, TaskKind } from './levels.js';

/** A place with its id, whose last part is its number among those of its class. */
export interface Place {
  readonly id: string;
  readonly of: PlaceClass;
}

/** A thing, or a lamp, and where it is at first. */
export interface Thing {
  readonly id: string;
  /** Null for a lamp. */
  readonly of: ThingClass | null;
  readonly at: Place;
}

/** A ward, and what is to be done in it. */
export interface Ward {
  readonly kind: TaskKind;
  readonly places: readonly Place[];
  readonly things: readonly Thing[];
  /** Class of what the task is about, and where it has to go; for a look under a lamp, where the lamp is. */
  readonly wanted: ThingClass;
  readonly goal: PlaceClass;
}

/** What a kind of task asks of its thing, and the place that it needs beside its goal. */
const NEEDS: {
  readonly [K in TaskKind]: { readonly trait?: ThingClass['traits'][number]; readonly facility?: PlaceClass };
} = {
  place: {},
  clean: { trait: 'cleanable', facility: WASHSTAND },
  heat: { trait: 'heatable', facility: WARMER },
  cool: { trait: 'coolable', facility: FRIDGE },
  pair: {},
  light: {},
};

/** The place that a kind of task needs beside its goal, or null. */
export const facilityOf = (kind: TaskKind): PlaceClass | null => NEEDS[kind].facility ?? null;

const internal = (what: string) => new Error(`internal: a ward has no ${what}`);

function found<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw internal(what);
  return value;
}

function drawPlaces(draw: Draw, level: Level, needed: readonly PlaceClass[]): Place[] {
  const counts = new Map<string, number>();
  const places: Place[] = [];
  const add = (of: PlaceClass): void => {
    const number = (counts.get(of.name) ?? 0) + 1;
    counts.set(of.name, number);
    places.push({ id: `${of.name}_bar_${number}`, of });
  };
  for (const of of new Set(needed)) add(of);
  while (places.length < level.places) {
    const rest = PLACES.filter(
      (of) => (level.hasShut || !of.isOpenable) && (counts.get(of.name) ?? 0) < level.alike,
    );
    const chosen = draw.pick(rest);
    if (chosen === undefined) break;
    add(chosen);
  }
  return places;
}

/** Draws a ward and a task that can be fulfilled in it: what is needed is there, and nothing is done yet. */
export function drawWard(draw: Draw, level: Level): Ward {
  const kind = found(draw.pick(level.kinds), 'kind of task');
  const { trait, facility } = NEEDS[kind];
  const allowed = PLACES.filter((place) => level.hasShut || !place.isOpenable);
  const isLight = kind === 'light';
  const keepers = (thing: ThingClass) => allowed.filter((place) => keeps(place, thing));
  const able = THINGS.filter(
    (thing) => (trait === undefined || thing.traits.includes(trait)) && keepers(thing).length > 1,
  );
  const wanted = found(draw.pick(able), 'thing for a task');
  const goal = found(draw.pick(isLight ? LAMP_PLACES : keepers(wanted)), 'goal');
  const source = found(draw.pick(keepers(wanted).filter((place) => place !== goal)), 'other place');
  const places = drawPlaces(draw, level, [goal, source, ...(facility === undefined ? [] : [facility])]);

  const counts = new Map<string, number>();
  const things: Thing[] = [];
  const add = (name: string, of: ThingClass | null, spots: readonly Place[]): void => {
    const at = draw.pick(spots);
    if (at === undefined) return;
    const number = (counts.get(name) ?? 0) + 1;
    counts.set(name, number);
    things.push({ id: `${name}_bar_${number}`, of, at });
  };
  const elsewhere = places.filter(({ of }) => of !== goal && keeps(of, wanted));
  const needed = kind === 'pair' ? 2 : 1;
  const decoys = level.hasDecoys ? draw.below(2) : 0;
  for (let index = 0; index < needed + decoys; index++) add(wanted.name, wanted, elsewhere);
  if (isLight)
    add(
      LAMP,
      null,
      places.filter(({ of }) => of === goal),
    );
  const others = THINGS.filter((thing) => thing !== wanted);
  for (let tries = 0; tries < 4 * level.things && things.length < level.things; tries++) {
    const of = found(draw.pick(others), 'other thing');
    if ((counts.get(of.name) ?? 0) < level.alike)
      add(
        of.name,
        of,
        places.filter((place) => keeps(place.of, of)),
      );
  }
  return { kind, places, things, wanted, goal };
}
