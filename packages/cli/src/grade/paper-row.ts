import { createGrader } from '@residency/rubric';
import { valuesOf } from './released-row.js';
import { flagField, graded, numberField, type Row, textField } from './row-fields.js';
import type { ScoredRow } from './scored-row.js';

/**
 * Scores a row by the paper's formula: adds `expected` (accuracy, clinical_reasoning, consistency) and `total`. Where the row
 * says itself whether the conclusion cross-references (`crossref`), that decides; else the lexical test does
 * (CRPO specification 2.3, 2.4 and 2.8).
 * @throws CliError CLI_INPUT for a row without what it is scored from
 */
export function paperRow(row: Row): ScoredRow {
  const completion = textField(row, 'completion');
  const crossref = flagField(row, 'crossref');
  const k = numberField(row, 'k', 10);
  const given = { value: crossref === true ? 1 : 0, spans: [], reason: 'as the row says' };
  const { total, components } = graded(() =>
    createGrader(
      { type: 'crpo', name: 'paper', profile: 'crpo-paper', k },
      crossref === null ? {} : { crossReference: () => given },
    ).grade({ item: row, completion }),
  );
  const expected = valuesOf(components, ['accuracy', 'clinical_reasoning', 'consistency']);
  return { result: { expected, total }, components };
}
