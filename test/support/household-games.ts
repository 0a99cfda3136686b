import { readFileSync } from 'node:fs';
import { jsonRows, referenceFile } from './reference-data.js';

/** A recorded trace of a real game, as `golden/alfworld/README.md` describes it. */
export interface HouseholdTrace {
  readonly id: string;
  readonly task: string;
  readonly steps: readonly {
    readonly command: string;
    readonly observation: string;
    readonly derivedObservation?: string;
    readonly derivedAdmissibleBefore?: readonly string[];
  }[];
  readonly derivedIntro?: string;
}

const folder = ['golden', 'alfworld'] as const;

/** Recorded traces; none, with a line that says so, where they are absent. */
export const householdTraces = (): HouseholdTrace[] =>
  jsonRows<HouseholdTrace>(referenceFile(...folder, 'traces.jsonl'));

/** Path of a file of the reference games, or null where it is absent. */
export const householdFile = (...parts: readonly string[]): string | null =>
  referenceFile(...folder, ...parts);

/** Path of a trace's game file. */
export function gamePath({ id }: HouseholdTrace): string {
  const path = householdFile('games', id, 'game.tw-pddl');
  if (path === null) throw new Error(`no game of the trace ${id}`);
  return path;
}

export const gameText = (trace: HouseholdTrace): string => readFileSync(gamePath(trace), 'utf8');

/** A game file's text with the current domain and the current grammar, its task sentence kept. */
export function inCurrentWording(text: string): string {
  const current = (name: string): string => {
    const path = householdFile('domain', name);
    if (path === null) throw new Error(`no ${name}`);
    return readFileSync(path, 'utf8');
  };
  const file: Record<string, unknown> = JSON.parse(text);
  const task = /Your task is to: [^"]*/.exec(String(file['grammar']))?.[0] ?? '';
  const grammar = current('alfred_grammar_v0.4_current.twl2');
  return JSON.stringify({
    ...file,
    pddl_domain: current('alfred_domain_v0.4_current.pddl'),
    grammar: grammar.replace('Your task is to: UNKNOWN GOAL.', () => task),
    walkthrough: ['look'],
  });
}
