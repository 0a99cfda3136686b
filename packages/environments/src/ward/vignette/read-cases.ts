import { EnvironmentError } from '../../errors.js';
import { agentClinicCase } from './agentclinic.js';
import type { Field } from './fields.js';
import { mediqCase } from './mediq.js';
import type { Vignette } from './vignette.js';

/** A case as a row makes it, and what is odd about the row, if anything. */
export interface ReadCase {
  readonly vignette: Vignette;
  /** Null for nothing. */
  readonly note: string | null;
}

export interface CaseFile {
  readonly cases: readonly Vignette[];
  /** Oddities of rows that are played all the same, each with its file, line and field. */
  readonly notes: readonly string[];
}

/** Forms of rows, by a field that only they have. */
const forms: Readonly<Record<string, (row: Field, source: string) => ReadCase>> = {
  OSCE_Examination: agentClinicCase,
  facts: mediqCase,
};

function readRow(line: string, place: string, source: string): ReadCase {
  const refuse = (param: string, message: string) =>
    new EnvironmentError('ENVIRONMENT_CASE', param, `${place}${message}`);
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw refuse('row', `row is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  const keys = typeof value === 'object' && value !== null ? Object.keys(value) : [];
  const form = Object.keys(forms).find((field) => keys.includes(field));
  const read = form === undefined ? undefined : forms[form];
  if (read === undefined)
    throw refuse(
      'row',
      `row has no field ${Object.keys(forms).join(' or ')}, want a case in one of these forms`,
    );
  return read({ value, path: '', place, code: 'ENVIRONMENT_CASE' }, source);
}

/**
 * Reads a file of cases, one JSON object a line: those of AgentClinic (`OSCE_Examination`) and of MediQ (`facts`).
 * Lines are counted from 1 in errors, rows from 0 in sources; empty lines count for lines alone.
 * @param text what the file holds
 * @param file its name, for errors and sources
 * @throws EnvironmentError ENVIRONMENT_CASE naming file, line and field, what was found and what was wanted
 */
export function readCases(text: string, file: string): CaseFile {
  const cases: Vignette[] = [];
  const notes: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const { vignette, note } = readRow(line, `${file}:${index + 1}: `, `${file} row ${cases.length}`);
    cases.push(vignette);
    if (note !== null) notes.push(`${file}:${index + 1}: ${note}`);
  }
  if (cases.length === 0)
    throw new EnvironmentError('ENVIRONMENT_CASE', 'file', `${file}: has no rows, want cases`);
  return { cases, notes };
}
