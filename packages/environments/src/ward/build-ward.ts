import { EnvironmentError } from '../errors.js';
import { type FindingKind, verbs } from './findings.js';
import { URGENCIES, type Urgency } from './urgency.js';

/** A disease as a ward is described. */
export interface DiseaseDefinition {
  readonly name: string;
  /** Above 0; priors are these divided by their sum. */
  readonly weight: number;
  readonly urgency: Urgency;
  /** Name of a test of the ward, or null. */
  readonly contraindicated: string | null;
  /** Names of findings of the ward. */
  readonly redFlags: readonly string[];
}

/** A finding as a ward is described. */
export interface FindingDefinition {
  readonly name: string;
  readonly kind: FindingKind;
  /** 0 or above. */
  readonly cost: number;
  readonly present: string;
  readonly absent: string;
  /** P(present | disease) in [0, 1], in the order of the diseases. */
  readonly chances: readonly number[];
}

export interface WardDefinition {
  readonly name: string;
  /** At least 1. */
  readonly maxSteps: number;
  readonly diseases: readonly DiseaseDefinition[];
  readonly findings: readonly FindingDefinition[];
}

/** A disease whose test and red flags are places in the ward's list of findings, and its urgency in `URGENCIES`. */
export interface WardDisease {
  readonly name: string;
  /** Sums to 1 over the ward. */
  readonly prior: number;
  readonly urgency: number;
  /** -1 for none. */
  readonly contraindicated: number;
  readonly redFlags: readonly number[];
}

export interface WardFinding extends FindingDefinition {
  /** The urgency that its presence calls for: the mildest of the diseases whose red flag it is; -1 for none. */
  readonly callsFor: number;
}

/** What may be done: elicit a finding, or commit to a disease and an urgency; all are places in lists. */
export type WardAction =
  | { readonly kind: 'elicit'; readonly text: string; readonly finding: number }
  | { readonly kind: 'commit'; readonly text: string; readonly disease: number; readonly urgency: number };

/** A ward that is checked and ready to be played; it never changes. */
export interface Ward {
  readonly name: string;
  readonly maxSteps: number;
  readonly diseases: readonly WardDisease[];
  readonly findings: readonly WardFinding[];
  /** Finding i is elicited by action i; commitments follow, by disease and then by urgency. */
  readonly actions: readonly WardAction[];
  /** Actions by their texts. */
  readonly byText: ReadonlyMap<string, number>;
  /** Actions in the order of their texts, and findings in the order of their names. */
  readonly sortedActions: readonly number[];
  readonly sortedFindings: readonly number[];
}

/** Names are what actions are written with: lower case, single spaces. */
const isName = (name: string): boolean => name !== '' && name === name.toLowerCase().trim();

function refuse(field: string, value: unknown, wanted: string): EnvironmentError {
  const param = `ward.${field}`;
  return new EnvironmentError(
    'ENVIRONMENT_TASK',
    param,
    `${param} is ${JSON.stringify(value) ?? value}, want ${wanted}`,
  );
}

function checkNames(field: string, rows: readonly { readonly name: string }[]): void {
  if (rows.length === 0) throw refuse(field, [], 'one or more');
  const names = new Set<string>();
  for (const [index, { name }] of rows.entries()) {
    if (!isName(name) || names.has(name))
      throw refuse(`${field}[${index}].name`, name, 'a name in lower case that no other has');
    names.add(name);
  }
}

function actionsOf(diseases: readonly DiseaseDefinition[], findings: readonly FindingDefinition[]) {
  const elicit = findings.map(({ kind, name }, finding): WardAction => {
    return { kind: 'elicit', text: `${verbs[kind]} ${name}`, finding };
  });
  const commit = diseases.flatMap(({ name }, disease) =>
    URGENCIES.map((urgency, place): WardAction => {
      return { kind: 'commit', text: `diagnose ${name} as ${urgency}`, disease, urgency: place };
    }),
  );
  return [...elicit, ...commit];
}

/** Places of values in the order of their texts (code units, as `sort` has it). */
function placesByText(texts: readonly string[]): number[] {
  const places = new Map(texts.map((text, place) => [text, place]));
  return [...texts].sort().flatMap((text) => places.get(text) ?? []);
}

/**
 * Checks a ward's description and makes it ready to be played.
 * @throws EnvironmentError ENVIRONMENT_TASK naming the field, what was found and what was wanted
 */
export function buildWard(definition: WardDefinition): Ward {
  const { name, maxSteps, diseases, findings } = definition;
  if (!Number.isInteger(maxSteps) || maxSteps < 1) throw refuse('maxSteps', maxSteps, 'an integer from 1');
  checkNames('diseases', diseases);
  checkNames('findings', findings);
  for (const [index, { weight }] of diseases.entries())
    if (!(weight > 0 && Number.isFinite(weight)))
      throw refuse(`diseases[${index}].weight`, weight, 'a number above 0');
  for (const [index, { cost, chances }] of findings.entries()) {
    const field = `findings[${index}]`;
    if (!(cost >= 0 && Number.isFinite(cost))) throw refuse(`${field}.cost`, cost, 'a number from 0');
    if (chances.length !== diseases.length || !chances.every((chance) => chance >= 0 && chance <= 1))
      throw refuse(`${field}.chances`, chances, `${diseases.length} numbers from 0 to 1`);
  }
  const places = new Map(findings.map((finding, place) => [finding.name, place]));
  const total = diseases.reduce((sum, { weight }) => sum + weight, 0);
  const wardDiseases = diseases.map(({ contraindicated, redFlags, ...disease }, index): WardDisease => {
    const test = contraindicated === null ? -1 : (places.get(contraindicated) ?? -1);
    if (contraindicated !== null && findings[test]?.kind !== 'test')
      throw refuse(`diseases[${index}].contraindicated`, contraindicated, 'a test of the ward or null');
    const flags = redFlags.map((flag) => {
      const place = places.get(flag);
      if (place === undefined) throw refuse(`diseases[${index}].redFlags`, flag, 'a finding of the ward');
      return place;
    });
    return {
      name: disease.name,
      prior: disease.weight / total,
      urgency: URGENCIES.indexOf(disease.urgency),
      contraindicated: test,
      redFlags: flags,
    };
  });
  const wardFindings = findings.map((finding, place): WardFinding => {
    const urgencies = wardDiseases.flatMap(({ redFlags, urgency }) =>
      redFlags.includes(place) ? [urgency] : [],
    );
    return { ...finding, callsFor: urgencies.length === 0 ? -1 : Math.min(...urgencies) };
  });
  const actions = actionsOf(diseases, findings);
  const texts = actions.map(({ text }) => text);
  return {
    ...{ name, maxSteps, diseases: wardDiseases, findings: wardFindings, actions },
    byText: new Map(texts.map((text, index) => [text, index])),
    sortedActions: placesByText(texts),
    sortedFindings: placesByText(findings.map((finding) => finding.name)),
  };
}
