import type { FindingKind } from '../findings.js';
import { entriesOf, type Field, fieldOf, refuse, textOf } from './fields.js';
import { MAX_DEPTH } from './limits.js';
import { checkFacts } from './parse-vignette.js';
import type { ReadCase } from './read-cases.js';
import type { VignetteFact } from './vignette.js';

/** A key as a name: `Blood_Pressure` is "blood pressure". */
const nameOf = (key: string): string => key.toLowerCase().replaceAll('_', ' ').replaceAll(/\s+/g, ' ').trim();

const isObject = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a value says in words, with names of nested ones before theirs; empty for nothing. */
function wording(field: Field, depth = 0): string {
  const { value } = field;
  if (depth > MAX_DEPTH) throw refuse(field, `at most ${MAX_DEPTH} levels of objects`);
  if (typeof value === 'string') return value.trim();
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) {
    const items = value.map((item: unknown, index) =>
      wording({ ...field, value: item, path: `${field.path}[${index}]` }, depth + 1),
    );
    return items.filter((text) => text !== '').join(', ');
  }
  if (!isObject(value)) throw refuse(field, 'a text, a number, a list or an object');
  const entries = entriesOf(field);
  return Object.keys(entries)
    .map((key) => [nameOf(key), wording(fieldOf(field, entries, key), depth + 1)] as const)
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name}: ${text}`)
    .join('; ');
}

/** Names of all nested keys, which a fact is found by. */
function keysIn(value: unknown): string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [nameOf(key), ...keysIn(inner)]);
}

interface Section {
  readonly field: Field;
  readonly kind: FindingKind;
  /** Name of what the section is part of, or nothing. */
  readonly within: string;
  readonly leaveOut: readonly string[];
}

/** A fact for each entry of a section that says something; one that holds objects alone is a section itself. */
function factsOf({ field, kind, within, leaveOut }: Section, depth = 0): VignetteFact[] {
  const entries = entriesOf(field);
  if (depth > MAX_DEPTH) throw refuse(field, `at most ${MAX_DEPTH} levels of objects`);
  return Object.keys(entries).flatMap((key): VignetteFact[] => {
    if (leaveOut.includes(key)) return [];
    const inner = fieldOf(field, entries, key);
    const name = `${within} ${nameOf(key)}`.trim();
    const values = isObject(inner.value) ? Object.values(inner.value) : [];
    if (values.length > 0 && values.every(isObject))
      return factsOf({ field: inner, kind, within: name, leaveOut: [] }, depth + 1);
    const text = wording(inner);
    if (text === '') return [];
    return [{ kind, name, text: `${name}: ${text}`, keywords: [name, ...keysIn(inner.value)].join(' ') }];
  });
}

/**
 * A case of AgentClinic (Schmidgall et al., arXiv 2405.07960): what the patient tells, each field and symptom; each
 * examination; each test. Demographics and the doctor's objective are told at first, and the diagnosis is stated as
 * text.
 * @throws EnvironmentError ENVIRONMENT_CASE
 */
export function agentClinicCase(row: Field, source: string): ReadCase {
  const top = entriesOf(row);
  const osce = fieldOf(row, top, 'OSCE_Examination');
  const entries = entriesOf(osce);
  const of = (name: string) => fieldOf(osce, entries, name);
  const actor = of('Patient_Actor');
  const told = entriesOf(actor);
  const symptoms = fieldOf(actor, told, 'Symptoms');
  const section = (field: Field, kind: FindingKind, leaveOut: readonly string[] = []) =>
    factsOf({ field, kind, within: '', leaveOut });
  const facts = [
    ...section(actor, 'history', ['Demographics', 'Symptoms']),
    ...section(symptoms, 'history'),
    ...section(of('Physical_Examination_Findings'), 'examination'),
    ...section(of('Test_Results'), 'test'),
  ];
  checkFacts(osce, facts);
  return {
    vignette: {
      ...{ source, facts, options: null },
      presentation: `A patient: ${textOf(fieldOf(actor, told, 'Demographics'))}.`,
      question: textOf(of('Objective_for_Doctor')),
      diagnosis: textOf(of('Correct_Diagnosis')),
    },
    note: null,
  };
}
