import { EnvironmentError } from '../errors.js';
import { KINDS } from './problem.js';
import { type Node, parseSExpression, showNode, typedNames } from './s-expression.js';

/** What can be done, by its name in the domain and in the grammar; both in lower case. */
export const VERBS = [
  'gotolocation',
  'openobject',
  'closeobject',
  'pickupobject',
  'putobject',
  'cleanobject',
  'heatobject',
  'coolobject',
  'toggleobject',
  'sliceobject',
  'examinereceptacle',
  'examineobject',
  'inventory',
  'look',
  'help',
] as const;
export type Verb = (typeof VERBS)[number];

/** In what the domains of games differ. */
export interface Rules {
  readonly verbs: ReadonlySet<Verb>;
  /** Types of receptacles in which things are cleaned, heated and cooled. */
  readonly cleansIn: ReadonlySet<string>;
  readonly heatsIn: ReadonlySet<string>;
  readonly coolsIn: ReadonlySet<string>;
  /** Types of things that slice others. */
  readonly slicesWith: ReadonlySet<string>;
  /** Whether a thing goes only where its type is said to fit. */
  readonly putsWhereItFits: boolean;
  /** Whether nothing may be open when something is opened. */
  readonly opensOneAtATime: boolean;
  /** Whether what is switched on is looked for at the location, and not in the receptacles there. */
  readonly usesAtLocation: boolean;
  /** Whether what lies in an accessible receptacle can be examined, and not only what is held. */
  readonly examinesWhatIsSeen: boolean;
}

/** Predicates with a sign that an action asks for and changes. */
interface Form {
  readonly needs: readonly string[];
  /** Needs in which domains differ. */
  readonly mayNeed?: readonly string[];
  readonly changes: readonly string[];
}

const HERE = ['atlocation', 'receptacleatlocation'];
const ACCESS = ['-openable', 'opened'];

/** What each action has to be like, so that what is played is what the domain says (ALFWorld specification, section 3). */
const FORMS: Readonly<Record<Verb, Form>> = {
  gotolocation: { needs: HERE, changes: ['-atlocation', 'atlocation'] },
  openobject: { needs: [...HERE, 'openable', '-opened'], changes: ['opened'] },
  closeobject: { needs: [...HERE, 'openable', 'opened'], changes: ['-opened'] },
  pickupobject: {
    needs: [...HERE, ...ACCESS, 'pickupable', 'inreceptacle', '-holdsany'],
    changes: ['-inreceptacle', '-objectatlocation', 'holds', 'holdsany'],
  },
  putobject: {
    needs: [...HERE, ...ACCESS, 'holds', 'receptacletype', 'objecttype'],
    mayNeed: ['cancontain'],
    changes: ['inreceptacle', 'objectatlocation', '-holds', '-holdsany'],
  },
  cleanobject: { needs: [...HERE, 'holds', 'cleanable', 'receptacletype'], changes: ['isclean'] },
  heatobject: { needs: [...HERE, 'holds', 'heatable', 'receptacletype'], changes: ['ishot', '-iscool'] },
  coolobject: { needs: [...HERE, 'holds', 'coolable', 'receptacletype'], changes: ['iscool', '-ishot'] },
  toggleobject: {
    needs: ['atlocation', 'toggleable'],
    mayNeed: ['receptacleatlocation', 'inreceptacle', 'objectatlocation'],
    changes: ['ison', '-ison', 'istoggled'],
  },
  sliceobject: {
    needs: ['atlocation', 'objectatlocation', 'holds', 'sliceable', 'objecttype'],
    changes: ['issliced'],
  },
  examinereceptacle: { needs: HERE, changes: [] },
  examineobject: { needs: [...HERE, ...ACCESS, 'inreceptacle', 'holds'], changes: [] },
  inventory: { needs: [], changes: [] },
  look: { needs: ['atlocation'], changes: [] },
  help: { needs: [], changes: [] },
};

const FIELD = 'pddl_domain';
const refuse = (message: string) => new EnvironmentError('ENVIRONMENT_GAME', FIELD, `${FIELD}: ${message}`);

const CONNECTIVES: ReadonlySet<string> = new Set(['and', 'or', 'when']);
const QUANTIFIERS: ReadonlySet<string> = new Set(['exists', 'forall']);
/** Changes that nothing asks for. */
const BOOKKEEPING: ReadonlySet<string> = new Set(['checked', 'examined', 'increase']);

interface Expected {
  readonly needed: readonly string[];
  readonly allowed: readonly string[];
}

/** What a formula says, flattened. */
interface Said {
  /** Predicates, with '-' before those that are denied. */
  readonly signed: Set<string>;
  /** Constants by the predicate that they are the last argument of. */
  readonly constants: Map<string, Set<string>>;
  readonly quantifiers: Set<string>;
  /** Whether every type of a quantified variable is one of the domain's. */
  isTyped: boolean;
}

function gather(node: Node, sign: '' | '-', said: Said): void {
  if (typeof node === 'string') throw refuse(`a formula is ${node}, want a list`);
  const [head, ...rest] = node;
  if (head === undefined) return;
  if (typeof head !== 'string') throw refuse(`a formula is ${showNode(node)}, want a word first`);
  if (CONNECTIVES.has(head)) for (const part of rest) gather(part, sign, said);
  else if (head === 'not') for (const part of rest) gather(part, sign === '' ? '-' : '', said);
  else if (QUANTIFIERS.has(head)) {
    const [variables = [], ...body] = rest;
    said.quantifiers.add(head);
    const types = typedNames(typeof variables === 'string' ? [variables] : variables, FIELD);
    // A stray comma after a type makes it another one, which nothing is of: such a formula never holds.
    if (types.some(({ type }) => !KINDS.some((kind) => kind === type))) said.isTyped = false;
    for (const part of body) gather(part, sign, said);
  } else if (!BOOKKEEPING.has(head)) {
    said.signed.add(`${sign}${head}`);
    const last = rest.at(-1);
    if (typeof last !== 'string' || last.startsWith('?')) return;
    said.constants.set(head, (said.constants.get(head) ?? new Set()).add(last));
  }
}

function saidBy(node: Node | null): Said {
  const said: Said = { signed: new Set(), constants: new Map(), quantifiers: new Set(), isTyped: true };
  if (node !== null) gather(node, '', said);
  return said;
}

/** @param where the part and the action, for messages */
function check(where: string, { signed }: Said, { needed, allowed }: Expected): void {
  const missing = needed.find((name) => !signed.has(name));
  if (missing !== undefined) throw refuse(`${where} lacks ${missing}, which is played`);
  const extra = [...signed].find((name) => !needed.includes(name) && !allowed.includes(name));
  if (extra !== undefined) throw refuse(`${where} has ${extra}, which is not played`);
}

const partOf = (action: readonly Node[], name: string): Node | null => {
  const at = action.indexOf(name);
  return at < 0 ? null : (action[at + 1] ?? null);
};

/**
 * Reads which actions a domain has and what they ask for.
 * @throws EnvironmentError ENVIRONMENT_GAME where an action is not one of those that are played
 */
export function parseRules(text: string): Rules {
  const needs = new Map<Verb, Said>();
  for (const node of parseSExpression(text, FIELD)) {
    if (typeof node === 'string' || node[0] !== ':action') continue;
    const verb = VERBS.find((known) => known === node[1]);
    if (verb === undefined)
      throw refuse(`action ${showNode(node[1] ?? '')} is unknown, want one of: ${VERBS.join(', ')}`);
    const form = FORMS[verb];
    const said = saidBy(partOf(node, ':precondition'));
    check(`the precondition of ${verb}`, said, { needed: form.needs, allowed: form.mayNeed ?? [] });
    const done = saidBy(partOf(node, ':effect'));
    check(`the effect of ${verb}`, done, { needed: form.changes, allowed: [] });
    needs.set(verb, said);
  }
  const types = (verb: Verb, predicate: string): ReadonlySet<string> =>
    needs.get(verb)?.constants.get(predicate) ?? new Set();
  return {
    verbs: new Set(needs.keys()),
    cleansIn: types('cleanobject', 'receptacletype'),
    heatsIn: types('heatobject', 'receptacletype'),
    coolsIn: types('coolobject', 'receptacletype'),
    slicesWith: types('sliceobject', 'objecttype'),
    putsWhereItFits: needs.get('putobject')?.signed.has('cancontain') ?? true,
    opensOneAtATime: needs.get('openobject')?.quantifiers.has('forall') ?? false,
    usesAtLocation: needs.get('toggleobject')?.signed.has('objectatlocation') ?? false,
    examinesWhatIsSeen: needs.get('examineobject')?.isTyped ?? false,
  };
}
