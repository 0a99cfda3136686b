import { uniformBelow } from '@residency/algorithms';
import { openGame, readGameText } from '@residency/environments';
import { describe, expect, test } from 'vitest';
import { gameText, householdTraces, inCurrentWording } from '../../../support/household-games.js';
import { type Facts, type GroundAction, PddlReference } from '../../../support/pddl-reference.js';

/** The first trace of each type of task in each room: all kinds of goals and of rooms. */
const kinds = new Map<string, ReturnType<typeof householdTraces>[number]>();
for (const trace of householdTraces()) {
  const [type = '', room = ''] = [trace.id.split('-')[0], /-(\d+)\//.exec(trace.id)?.[1]];
  kinds.set(`${type} ${room}`, trace);
}

/** Display names after the words of the ALFWorld specification, section 4. */
function displayNames(facts: Facts): Map<string, string> {
  const ids = [...new Set([...facts].flatMap((fact) => fact.split(' ').slice(1)))].sort().reverse();
  const counts: Record<string, number> = {};
  return new Map(
    ids.map((id) => {
      const name = `${id.split('_bar_')[0]}${id.includes('basin') ? 'basin' : ''}`;
      counts[name] = (counts[name] ?? 0) + 1;
      return [id, `${name} ${counts[name]}`];
    }),
  );
}

/** Commands of the current grammar by the names of the domain's actions. */
const TEMPLATES: Readonly<Record<string, string>> = {
  gotolocation: 'go to ?r',
  openobject: 'open ?r',
  closeobject: 'close ?r',
  pickupobject: 'take ?o from ?r',
  putobject: 'move ?o to ?r',
  cleanobject: 'clean ?o with ?r',
  heatobject: 'heat ?o with ?r',
  coolobject: 'cool ?o with ?r',
  toggleobject: 'use ?o',
  sliceobject: 'slice ?co with ?ko',
  examinereceptacle: 'examine ?r',
  examineobject: 'examine ?o',
  inventory: 'inventory',
  look: 'look',
  help: 'help',
};

/** Writes actions as commands of the current grammar. */
function writer(facts: Facts): (action: GroundAction) => string {
  const names = displayNames(facts);
  return ({ name, binding }) =>
    (TEMPLATES[name] ?? name).replaceAll(
      /\?\w+/g,
      (variable) => names.get(binding.get(variable) ?? '') ?? '',
    );
}

describe.skipIf(kinds.size === 0)('every state', () => {
  test.each([...kinds])('offers what the domain itself allows: %s', (_, trace) => {
    const text = inCurrentWording(gameText(trace));
    const { pddl_domain: domain, pddl_problem: problem } = JSON.parse(text);
    const reference = new PddlReference(domain, problem);
    const write = writer(reference.initial);
    // Fast Downward leaves out moves that change nothing.
    const isMove = ({ name, binding }: GroundAction) =>
      name !== 'gotolocation' || binding.get('?lstart') !== binding.get('?lend');

    const episode = openGame({ game: readGameText(text) });
    let facts = reference.initial;
    let { admissible } = episode.observe();
    for (let step = 0; step < 30; step++) {
      const options = new Map(
        reference
          .options(facts)
          .filter(isMove)
          .map((option) => [write(option), option]),
      );
      expect(admissible).toEqual([...options.keys()].sort());

      // Of what changes most, so that a walk opens, takes, changes and puts.
      const bold = admissible.filter((action) => !/^(go|look|inv|help|exam|close)/.test(action));
      const pool = bold.length > 0 && step % 3 > 0 ? bold : admissible;
      const action = pool[uniformBelow(pool.length, [7, step, pool.length])] ?? '';
      const option = options.get(action);
      if (option === undefined) throw new Error(`no ${action}`);
      facts = reference.after(facts, option);
      const next = episode.act(action);
      expect(next.info.won).toBe(reference.isWon(facts));
      if (next.done) return;
      admissible = next.admissible;
    }
  });

  test.each([...kinds])('wins exactly where the problem says so: %s', (_, trace) => {
    const { pddl_domain: domain, pddl_problem: problem } = JSON.parse(gameText(trace));
    const reference = new PddlReference(domain, problem);
    const write = writer(reference.initial);
    let facts = reference.initial;
    const won = trace.steps.map(({ command }) => {
      const current = command.replace(/^put (.*) in\/on (.*)$/, 'move $1 to $2');
      const option = reference.options(facts).find((one) => write(one) === current);
      if (option === undefined) throw new Error(`no ${command}`);
      facts = reference.after(facts, option);
      return reference.isWon(facts);
    });

    expect(won.indexOf(true)).toBe(trace.steps.length - 1);
  });
});
