import type { Command, CommandTable } from './commands.js';
import type { Rules, Verb } from './domain.js';
import { clearBit, hasBit, type State, setBit, type World } from './world.js';

/** What can be done in a world, and by which commands. */
export interface Play {
  readonly world: World;
  readonly rules: Rules;
  readonly table: CommandTable;
}

/** Things of a state that have something in common. */
interface BitSet {
  readonly state: State;
  readonly start: number;
  readonly words: number;
}

/** Commands of one state; nothing of a list outlives its call. */
class Offers {
  readonly #numbers: CommandTable['numbers'];
  readonly found: number[] = [];

  constructor({ numbers }: CommandTable) {
    this.#numbers = numbers;
  }

  /** Keeps numbers ascending, each once; lists are short, so that inserting beats sorting. */
  add(verb: Verb, place: number): void {
    const number = this.#numbers[verb]?.[place] ?? -1;
    if (number < 0) return;
    const { found } = this;
    let at = found.length;
    while (at > 0 && (found[at - 1] ?? 0) > number) at--;
    if (found[at - 1] === number) return;
    found.push(number);
    for (let move = found.length - 1; move > at; move--) found[move] = found[move - 1] ?? 0;
    found[at] = number;
  }

  /** One for each member of a bit set. */
  addEach(verb: Verb, { state, start, words }: BitSet, offset: number): void {
    for (let word = 0; word < words; word++) {
      for (let bits = state[start + word] ?? 0; bits !== 0; bits &= bits - 1) {
        this.add(verb, word * 32 + 31 - Math.clz32(bits & -bits) + offset);
      }
    }
  }
}

/** Two ascending lists as one; they share no number. */
function merged(fixed: Int32Array, found: readonly number[]): number[] {
  const all = new Array<number>(fixed.length + found.length);
  for (let at = 0, i = 0, j = 0; at < all.length; at++) {
    const [next, other] = [fixed[i] ?? Number.POSITIVE_INFINITY, found[j] ?? Number.POSITIVE_INFINITY];
    if (next < other) i++;
    else j++;
    all[at] = Math.min(next, other);
  }
  return all;
}

const NOWHERE = new Int32Array();

/**
 * Numbers of the commands that can be said in a state, ascending, which is the order of their texts (ALFWorld
 * specification, section 3). Texts that two commands share are there once.
 */
export function admissibleNumbers({ world, rules, table }: Play, state: State): number[] {
  const { things, receptacles, receptaclesAt, layout, fits, otypes } = world;
  const { words } = layout;
  const offers = new Offers(table);
  const location = state[layout.location] ?? -1;
  const held = state[layout.held] ?? -1;
  const type = things[held]?.type ?? -1;
  const count = things.length;
  const isShut = rules.opensOneAtATime && isAnyOpen(world, state);

  for (const receptacle of receptaclesAt[location] ?? []) {
    const { isOpenable = false, type: rtype = -1 } = receptacles[receptacle] ?? {};
    const isOpen = hasBit(state, layout.opened, receptacle);
    const contents = { state, start: layout.contents + receptacle * words, words };
    const isAccessible = !isOpenable || isOpen;
    if (isOpenable && isOpen) offers.add('closeobject', receptacle);
    if (!isAccessible && !isShut) offers.add('openobject', receptacle);
    if (isAccessible && held < 0) offers.addEach('pickupobject', contents, receptacle * count);
    if (isAccessible && rules.examinesWhatIsSeen) offers.addEach('examineobject', contents, 0);
    if (!rules.usesAtLocation) offers.addEach('toggleobject', contents, 0);
    if (held < 0) continue;
    const goesIn = !rules.putsWhereItFits || fits.has(rtype * otypes + type);
    if (isAccessible && goesIn) offers.add('putobject', held + receptacle * count);
    // The table has these only for things and receptacles of the right kinds.
    offers.add('cleanobject', held + receptacle * count);
    offers.add('heatobject', held + receptacle * count);
    offers.add('coolobject', held + receptacle * count);
  }
  const around = { state, start: layout.whereabouts + location * words, words };
  if (rules.usesAtLocation) offers.addEach('toggleobject', around, 0);
  if (table.tools.has(held)) offers.addEach('sliceobject', around, held * count);
  if (held >= 0) offers.add('examineobject', held);
  const all = merged(table.always[location] ?? NOWHERE, offers.found);
  return table.hasDoubles ? unique(all, table) : all;
}

function isAnyOpen({ receptacles, layout }: World, state: State): boolean {
  return receptacles.some((_, receptacle) => hasBit(state, layout.opened, receptacle));
}

function unique(numbers: readonly number[], { commands }: CommandTable): number[] {
  return numbers.filter(
    (number, at) => at === 0 || commands[number]?.text !== commands[numbers[at - 1] ?? -1]?.text,
  );
}

type Effect = (world: World, state: State, command: Command) => void;

const nothing: Effect = () => undefined;

const marked =
  (set: 'isclean' | 'ishot' | 'iscool' | 'issliced', cleared?: 'ishot' | 'iscool'): Effect =>
  ({ layout }, state, { subject }) => {
    setBit(state, layout.marks[set], subject.thing);
    if (cleared !== undefined) clearBit(state, layout.marks[cleared], subject.thing);
  };

/** Puts what is held into a receptacle here, or takes something out: of this one receptacle alone. */
const moved =
  (change: typeof setBit, heldAfter: (thing: number) => number): Effect =>
  ({ layout }, state, { subject: { thing, receptacle } }) => {
    const location = state[layout.location] ?? 0;
    change(state, layout.contents + receptacle * layout.words, thing);
    change(state, layout.whereabouts + location * layout.words, thing);
    state[layout.held] = heldAfter(thing);
  };

/** What each action does to a state (ALFWorld specification, section 3). */
export const effects: { readonly [V in Verb]: Effect } = {
  gotolocation: ({ layout, receptacles }, state, { subject }) => {
    state[layout.location] = receptacles[subject.receptacle]?.location ?? -1;
  },
  openobject: ({ layout }, state, { subject }) => setBit(state, layout.opened, subject.receptacle),
  closeobject: ({ layout }, state, { subject }) => clearBit(state, layout.opened, subject.receptacle),
  pickupobject: moved(clearBit, (thing) => thing),
  putobject: moved(setBit, () => -1),
  cleanobject: marked('isclean'),
  heatobject: marked('ishot', 'iscool'),
  coolobject: marked('iscool', 'ishot'),
  toggleobject: ({ layout }, state, { subject: { thing } }) => {
    const flip = hasBit(state, layout.marks.ison, thing) ? clearBit : setBit;
    flip(state, layout.marks.ison, thing);
    setBit(state, layout.marks.istoggled, thing);
  },
  sliceobject: marked('issliced'),
  examinereceptacle: nothing,
  examineobject: nothing,
  inventory: nothing,
  look: nothing,
  help: nothing,
};
