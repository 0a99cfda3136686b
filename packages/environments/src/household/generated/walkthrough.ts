import { LAMP } from './catalogue.js';
import { facilityOf, type Place, type Thing, type Ward } from './draw-ward.js';

/** Commands that fulfil a ward's task, by one who knows where everything is. */
export function walkthroughOf(ward: Ward, names: ReadonlyMap<string, string>): string[] {
  const { kind, places, things, wanted, goal } = ward;
  const commands: string[] = [];
  const opened = new Set<Place>();
  let at: Place | null = null;
  const nameOf = ({ id }: Place | Thing): string => names.get(id) ?? id;
  const goTo = (place: Place): void => {
    if (at !== place) commands.push(`go to ${nameOf(place)}`);
    at = place;
  };
  const reach = (place: Place): void => {
    goTo(place);
    if (place.of.isOpenable && !opened.has(place)) commands.push(`open ${nameOf(place)}`);
    opened.add(place);
  };
  const first = (of: Place['of'] | null): Place | undefined => places.find((place) => place.of === of);
  const target = first(goal);
  const facility = first(facilityOf(kind));
  const mine = things.filter(({ of }) => of === wanted).slice(0, kind === 'pair' ? 2 : 1);
  for (const thing of mine) {
    const name = nameOf(thing);
    reach(thing.at);
    commands.push(`take ${name} from ${nameOf(thing.at)}`);
    if (facility !== undefined) {
      goTo(facility);
      commands.push(`${kind} ${name} with ${nameOf(facility)}`);
    }
    if (kind === 'light' || target === undefined) continue;
    reach(target);
    commands.push(`move ${name} to ${nameOf(target)}`);
  }
  const lamp = kind === 'light' ? things.find(({ of }) => of === null) : undefined;
  if (lamp !== undefined) {
    goTo(lamp.at);
    commands.push(`use ${names.get(lamp.id) ?? LAMP}`);
  }
  return commands;
}
