import { type FindingKind, verbs } from '../findings.js';
import { entriesOf, type Field, fieldOf, listOf, refuse, textOf } from './fields.js';
import { MAX_FACTS } from './limits.js';
import type { Vignette, VignetteFact } from './vignette.js';

// The table is total, so that its keys are exactly the kinds.
const KINDS: readonly FindingKind[] = Object.keys(verbs) as FindingKind[];

function factOf(field: Field): VignetteFact {
  const entries = entriesOf(field);
  const of = (name: string) => fieldOf(field, entries, name);
  const given = of('kind');
  const kind = KINDS.find((known) => known === given.value);
  if (kind === undefined) throw refuse(given, `one of: ${KINDS.join(', ')}`);
  return { kind, name: textOf(of('name')), text: textOf(of('text')), keywords: textOf(of('keywords')) };
}

/** Refuses facts that could not be told apart by what is asked. */
export function checkFacts(field: Field, facts: readonly VignetteFact[]): void {
  if (facts.length > MAX_FACTS) throw refuse({ ...field, value: facts.length }, `at most ${MAX_FACTS} facts`);
  const names = new Set<string>();
  for (const { kind, name } of facts) {
    const asked = `${verbs[kind]} ${name}`.toLowerCase();
    if (names.has(asked)) throw refuse({ ...field, value: asked }, 'facts of different names');
    names.add(asked);
  }
}

/** Parsed cases by the object that they were parsed from, so that a group's episodes parse theirs once. */
const parsed = new WeakMap<object, Vignette>();

/**
 * Reads a case from a task.
 * @throws EnvironmentError ENVIRONMENT_TASK naming the field, what was found and what was wanted
 */
export function parseVignette(value: unknown): Vignette {
  const known = typeof value === 'object' && value !== null ? parsed.get(value) : undefined;
  if (known !== undefined) return known;
  const field: Field = { value, path: 'task.case', place: '', code: 'ENVIRONMENT_TASK' };
  const entries = entriesOf(field);
  const of = (name: string) => fieldOf(field, entries, name);
  const facts = listOf(of('facts')).map(factOf);
  checkFacts(of('facts'), facts);
  const options = of('options').value === null ? null : listOf(of('options')).map(textOf);
  const diagnosis = textOf(of('diagnosis'));
  if (options !== null && !options.includes(diagnosis)) throw refuse(of('diagnosis'), 'one of the options');
  const vignette: Vignette = {
    source: textOf(of('source')),
    presentation: textOf(of('presentation')),
    question: textOf(of('question')),
    ...{ facts, options, diagnosis },
  };
  // What has entries is an object.
  parsed.set(value as object, vignette);
  return vignette;
}
