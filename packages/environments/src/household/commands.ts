import { EnvironmentError } from '../errors.js';
import type { Rules, Verb } from './domain.js';
import { byText } from './names.js';
import type { Problem } from './problem.js';
import { NO_SUBJECT, type Subject, writeText } from './texts.js';
import type { Wording } from './wording.js';
import { typesNamed, type World } from './world.js';

/** Something that can be said, and what it does. */
export interface Command {
  readonly text: string;
  readonly verb: Verb;
  readonly subject: Subject;
}

/** Every command of a game by its number, which is its rank among their texts. */
export interface CommandTable {
  readonly commands: readonly Command[];
  /** Number of a verb's command by the place of its subject (`placeOf`); -1 where there is none. */
  readonly numbers: Readonly<Partial<Record<Verb, Int32Array>>>;
  /** Things that can slice others. */
  readonly tools: ReadonlySet<number>;
  /** Numbers, ascending, of what can always be said at each location. */
  readonly always: readonly Int32Array[];
  /** Whether two commands share a text. */
  readonly hasDoubles: boolean;
}

/** More than any game has, so that the table of a game stays small. */
const MAX_COMMANDS = 200_000;

const count = (length: number): number[] => Array.from({ length }, (_, index) => index);

/** What commands are made of. */
export interface CommandSource {
  readonly problem: Problem;
  readonly world: World;
  readonly rules: Rules;
  readonly wording: Wording;
}

type SubjectSource = Omit<CommandSource, 'wording'> & Pick<CommandTable, 'tools'>;

/** What each verb may ever be about, whatever state may come. */
function subjectsOf({
  problem,
  world,
  rules,
  tools,
}: SubjectSource): Readonly<Record<Verb, () => Subject[]>> {
  const { things, receptacles, fits, otypes } = world;
  const { ids, facts } = problem;
  const thing = (index: number): Subject => ({ ...NO_SUBJECT, thing: index });
  const reachable = count(receptacles.length).filter((r) => (receptacles[r]?.location ?? -1) >= 0);
  const among = (keep: (receptacle: number) => boolean) => () =>
    reachable.filter(keep).map((receptacle) => ({ ...NO_SUBJECT, receptacle }));
  const isOpenable = (receptacle: number) => receptacles[receptacle]?.isOpenable ?? false;
  const pickupable = count(things.length).filter((t) => things[t]?.traits.has('pickupable'));
  const held = new Set([...pickupable, ...facts.holds.map(([, index]) => index)]);
  const first = new Set(facts.inreceptacle.map(([index, receptacle]) => index + receptacle * things.length));

  const fitsInto = (index: number, receptacle: number): boolean =>
    !rules.putsWhereItFits ||
    fits.has((receptacles[receptacle]?.type ?? -1) * otypes + (things[index]?.type ?? -1));
  const hasTypes = (index: number, receptacle: number): boolean =>
    (things[index]?.type ?? -1) >= 0 && (receptacles[receptacle]?.type ?? -1) >= 0;
  const pairs = (who: Iterable<number>, keep: (index: number, receptacle: number) => boolean) => () =>
    [...who].flatMap((index) =>
      reachable.filter((r) => keep(index, r)).map((receptacle) => ({ ...thing(index), receptacle })),
    );
  const puts = (index: number, receptacle: number) =>
    hasTypes(index, receptacle) && fitsInto(index, receptacle);
  const changes = (trait: 'cleanable' | 'heatable' | 'coolable', wanted: ReadonlySet<string>) => {
    const types = typesNamed(ids.rtype, wanted);
    const able = [...held].filter((index) => things[index]?.traits.has(trait));
    return pairs(able, (_, receptacle) => types.has(receptacles[receptacle]?.type ?? -1));
  };
  const sliceable = count(things.length).filter((index) => things[index]?.traits.has('sliceable'));
  const alone = () => [NO_SUBJECT];
  return {
    gotolocation: among(() => true),
    openobject: among(isOpenable),
    closeobject: among(isOpenable),
    pickupobject: pairs(pickupable, (i, r) => first.has(i + r * things.length) || puts(i, r)),
    putobject: pairs(held, puts),
    cleanobject: changes('cleanable', rules.cleansIn),
    heatobject: changes('heatable', rules.heatsIn),
    coolobject: changes('coolable', rules.coolsIn),
    toggleobject: () =>
      count(things.length)
        .filter((index) => things[index]?.traits.has('toggleable'))
        .map(thing),
    sliceobject: () => sliceable.flatMap((index) => [...tools].map((tool) => ({ ...thing(index), tool }))),
    examinereceptacle: among(() => true),
    examineobject: () => (rules.examinesWhatIsSeen ? count(things.length) : [...held]).map(thing),
    inventory: alone,
    look: alone,
    help: alone,
  };
}

function toolsOf({ ids }: Problem, { things }: World, { slicesWith }: Rules): ReadonlySet<number> {
  const types = typesNamed(ids.otype, slicesWith);
  return new Set(
    count(things.length).filter(
      (index) => things[index]?.traits.has('pickupable') && types.has(things[index]?.type ?? -1),
    ),
  );
}

/** Place of a subject in its verb's list of numbers: `thing + (tool or receptacle) * things`, or the receptacle. */
export function placeOf({ thing, tool, receptacle }: Subject, things: number): number {
  if (thing < 0) return Math.max(0, receptacle);
  const second = tool >= 0 ? tool : Math.max(0, receptacle);
  return thing + second * things;
}

/** What can be said at a location whatever the rest of the state: where to go, what to look at. */
function alwaysAt(location: number, commands: readonly Command[], { receptacles }: World): Int32Array {
  const offers: Partial<Record<Verb, (receptacle: number) => boolean>> = {
    gotolocation: (receptacle) => receptacles[receptacle]?.location !== location,
    examinereceptacle: (receptacle) => receptacles[receptacle]?.location === location,
    inventory: () => true,
    look: () => true,
    help: () => true,
  };
  const found: number[] = [];
  for (const [number, { verb, subject }] of commands.entries())
    if (offers[verb]?.(subject.receptacle)) found.push(number);
  return Int32Array.from(found);
}

/**
 * Lists the commands that a game's states may ever let be said, sorted by their texts.
 * @throws EnvironmentError ENVIRONMENT_GAME where there are too many
 */
export function listCommands({ problem, world, rules, wording }: CommandSource): CommandTable {
  const tools = toolsOf(problem, world, rules);
  const subjects = subjectsOf({ problem, world, rules, tools });
  const commands: Command[] = [];
  const scene = { world, separators: wording.separators, state: world.initial };
  for (const [verb, parts] of wording.commands) {
    for (const subject of subjects[verb]()) {
      commands.push({ text: writeText(parts, { ...scene, subject }), verb, subject });
    }
    if (commands.length > MAX_COMMANDS)
      throw new EnvironmentError(
        'ENVIRONMENT_GAME',
        'pddl_problem',
        `pddl_problem: there are over ${MAX_COMMANDS} commands, want fewer things or receptacles`,
      );
  }
  commands.sort((a, b) => byText(a.text, b.text));
  const sizes = new Map<Verb, number>();
  const placed = commands.map(({ verb, subject }) => {
    const place = placeOf(subject, world.things.length);
    sizes.set(verb, Math.max(sizes.get(verb) ?? 0, place + 1));
    return { verb, place };
  });
  const numbers: Partial<Record<Verb, Int32Array>> = {};
  for (const [verb, size] of sizes) numbers[verb] = new Int32Array(size).fill(-1);
  for (const [number, { verb, place }] of placed.entries()) {
    const list = numbers[verb];
    if (list !== undefined) list[place] = number;
  }
  const standing = new Set([
    world.initial[world.layout.location],
    ...world.receptacles.map((r) => r.location),
  ]);
  return {
    commands,
    numbers,
    tools,
    always: world.locations.map((_, location) =>
      standing.has(location) ? alwaysAt(location, commands, world) : new Int32Array(),
    ),
    hasDoubles: commands.some(({ text }, number) => text === commands[number + 1]?.text),
  };
}
