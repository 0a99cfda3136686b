import type { GradeComponent, ProfileName } from '@residency/rubric';
import { paperRow } from './paper-row.js';
import { releasedRow } from './released-row.js';
import type { Row } from './row-fields.js';

/** What scoring adds to a row, and how it came about. */
export interface ScoredRow {
  readonly result: Row;
  readonly components: readonly GradeComponent[];
}

/** How rows are scored, by the profile that is asked for. */
export const rowScorers: { readonly [N in ProfileName]: (row: Row) => ScoredRow } = {
  'crpo-paper': paperRow,
  'grpo-released': releasedRow,
};
