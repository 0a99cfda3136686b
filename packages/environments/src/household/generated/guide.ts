import type { Game } from '../game.js';

/** What a guide would do now, and what for. */
export interface GuidedStep {
  readonly action: string;
  /** Such as `find mug`; says no more than the task and what was done so far. */
  readonly thought: string;
}

/** One who knows where everything is, and helps whoever plays on from wherever they are. */
export interface Guide {
  /** @param admissible the actions of the state, of which there is at least one */
  next(admissible: readonly string[]): GuidedStep;
  /** Has to be told of each action that was valid. */
  note(action: string): void;
}

interface Plan {
  readonly thing: string;
  readonly source: string;
  /** The command that changes the thing, and where; null where nothing has to be changed. */
  readonly change: { readonly command: string; readonly at: string } | null;
  readonly last: { readonly command: string; readonly at: string };
}

const TAKE = /^take (.+) from (.+)$/;
const CHANGE = /^(?:clean|heat|cool) .+ with (.+)$/;
const GO = /^go to (.+)$/;
const MOVE = /^move (.+) to (.+)$/;

/** Reads the one errand of a walkthrough; null for a task of two things. */
function planOf(walkthrough: readonly string[]): Plan | null {
  const takes = walkthrough.flatMap((command) => TAKE.exec(command) ?? []);
  const [, thing, source, ...more] = takes;
  const change = walkthrough.flatMap((command) => {
    const at = CHANGE.exec(command)?.[1];
    return at === undefined ? [] : [{ command, at }];
  })[0];
  const command = walkthrough.at(-1);
  const at = walkthrough.flatMap((step) => GO.exec(step)?.[1] ?? []).at(-1);
  if (thing === undefined || source === undefined || command === undefined || at === undefined) return null;
  return more.length > 0 ? null : { thing, source, change: change ?? null, last: { command, at } };
}

/** Where one goes who has to go somewhere: to the places in turn. */
function otherPlace(admissible: readonly string[], at: string | null): string | undefined {
  const ways = admissible.filter((action) => GO.test(action)).sort();
  return ways.find((way) => at !== null && way > `go to ${at}`) ?? ways[0];
}

/** The name of a thing or place without its number. */
const classOf = (name: string): string => name.replace(/ \d+$/, '');

/**
 * A guide through a task of `generateGame`; null where the game has no walkthrough, or one of two things. It goes straight to
 * what is wanted, and puts down what else is carried.
 */
export function guideOf({ walkthrough }: Pick<Game, 'walkthrough'>): Guide | null {
  const plan = planOf(walkthrough ?? []);
  if (plan === null) return null;
  const { thing, change, last } = plan;
  let at: string | null = null;
  /** Null while it is carried. */
  let thingAt: string | null = plan.source;
  let isChanged = change === null;

  const goal = (): { readonly command: string; readonly at: string; readonly thought: string } => {
    const what = classOf(thing);
    if (thingAt !== null)
      return { command: `take ${thing} from ${thingAt}`, at: thingAt, thought: `find ${what}` };
    if (change !== null && !isChanged)
      return { ...change, thought: `${change.command.split(' ')[0]} ${what}` };
    return { ...last, thought: `bring ${what} to ${classOf(last.at)}` };
  };
  return {
    next(admissible) {
      const { command, at: place, thought } = goal();
      const open = `open ${place}`;
      const wanted = at === place ? [command, open] : [command, `go to ${place}`];
      const way =
        wanted.find((action) => admissible.includes(action)) ??
        // Hands are full: what is carried is put down here, or where it may stand.
        admissible.find((action) => MOVE.test(action)) ??
        otherPlace(admissible, at);
      return { action: way ?? command, thought };
    },
    note(action) {
      at = GO.exec(action)?.[1] ?? at;
      if (TAKE.exec(action)?.[1] === thing) thingAt = null;
      const [, moved, to] = MOVE.exec(action) ?? [];
      if (moved === thing && to !== undefined) thingAt = to;
      if (action === change?.command) isChanged = true;
    },
  };
}
