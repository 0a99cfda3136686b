import type { Grammar, GrammarRule } from '../grammar.js';

const HERE = 'atlocation(a:agent, l:location) & receptacleatlocation(r:receptacle, l:location)';
const ROOM = 'receptacleatlocation(r:receptacle, l:location)';
const CONTENTS = "[{o.indefinite + ' ' + o.name | inreceptacle(o:object, r:receptacle)}]";

const always = (rhs: string): readonly GrammarRule[] => [{ condition: null, rhs }];
const when = (condition: string, rhs: string): GrammarRule => ({ condition, rhs });

/** Commands are those of current games, so that what is learnt here can be said there; what is told is our own. */
const ACTIONS: readonly (readonly [name: string, template: string])[] = [
  ['gotolocation', 'go to {r}'],
  ['openobject', 'open {r}'],
  ['closeobject', 'close {r}'],
  ['pickupobject', 'take {o} from {r}'],
  ['putobject', 'move {o} to {r}'],
  ['cleanobject', 'clean {o} with {r}'],
  ['heatobject', 'heat {o} with {r}'],
  ['coolobject', 'cool {o} with {r}'],
  ['toggleobject', 'use {o}'],
  ['examinereceptacle', 'examine {r}'],
  ['examineobject', 'examine {o}'],
  ['inventory', 'inventory'],
  ['look', 'look'],
  ['help', 'help'],
];

const SYMBOLS: Readonly<Record<string, readonly GrammarRule[]>> = {
  intro: always('Your shift on the ward begins.\n\n#look#\n\nYour task is to: #task#'),
  look: [
    when(HERE, `You stand at the [{r.name | ${HERE}}].`),
    {
      condition: null,
      rhs: `You stand in the corridor. Around you there are [{r.indefinite + ' ' + r.name | ${ROOM}}].`,
    },
  ],
  gotolocation: always('You walk to the {r.name}. #examinereceptacle#'),
  openobject: always(`You open the {r.name}. Inside there is ${CONTENTS}.`),
  closeobject: always('You shut the {r.name}.'),
  pickupobject: always('You take the {o.name} out of the {r.name}.'),
  putobject: always('You leave the {o.name} at the {r.name}.'),
  cleanobject: always('You wash the {o.name} at the {r.name}. It is clean now.'),
  heatobject: always('You warm the {o.name} in the {r.name}. It is warm now.'),
  coolobject: always('You chill the {o.name} in the {r.name}. It is cold now.'),
  toggleobject: [
    when('ison(o:object)', 'You switch the {o.name} on.'),
    { condition: null, rhs: 'You switch the {o.name} off.' },
  ],
  examinereceptacle: [
    when(
      'openable(r:receptacle) & opened(r:receptacle)',
      `The {r.name} is open. Inside there is ${CONTENTS}.`,
    ),
    when('openable(r:receptacle)', 'The {r.name} is shut.'),
    { condition: null, rhs: `At the {r.name} there is ${CONTENTS}.` },
  ],
  examineobject: [
    when('isclean(o:object) & ishot(o:object)', 'The {o.name} is clean and warm.'),
    when('isclean(o:object) & iscool(o:object)', 'The {o.name} is clean and cold.'),
    when('ishot(o:object)', 'The {o.name} is warm.'),
    when('iscool(o:object)', 'The {o.name} is cold.'),
    when('isclean(o:object)', 'The {o.name} is clean.'),
    { condition: null, rhs: 'The {o.name} is as it was.' },
  ],
  inventory: [
    when('holdsany(a:agent)', "You carry [{o.indefinite + ' ' + o.name | holds(a:agent, o:object)}]."),
    { condition: null, rhs: 'Your hands are empty.' },
  ],
  help: always(
    'You can: go to a place, open or close it, take a thing from it or move one to it, clean, heat or cool a thing ' +
      'with a place, use a lamp, examine either, look, and ask for your inventory.',
  ),
  list_empty: always('nothing'),
  list_separator: always(', '),
  list_last_separator: always(' and '),
};

/** Texts of a generated task with a task sentence of its own. */
export function wardGrammar(task: string): Grammar {
  return {
    actions: new Map(ACTIONS.map(([name, template]) => [name, { template, feedback: `#${name}#` }])),
    symbols: new Map([...Object.entries(SYMBOLS), ['task', always(task)]]),
  };
}
