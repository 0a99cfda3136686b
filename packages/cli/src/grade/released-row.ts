import { createGrader, type GradeComponent, normaliseReleased } from '@residency/rubric';
import { CliError } from '../errors.js';
import { flagField, type Row, textField } from './row-fields.js';
import type { ScoredRow } from './scored-row.js';

/** Where fields of a ground truth meet, and the fewest that it has (CRPO specification 2.1). */
const SEPARATOR = '<SEP>';
const LEAST_FIELDS = 3;
const LETTER = /^[A-Z]$/;

interface GroundTruth {
  readonly gold: string;
  readonly index: string;
  /** What the released scorer raises before scoring, or null. */
  readonly error: 'ValueError' | 'AssertionError' | null;
}

/** The gold letter and the row's index, as one text or as fields of their own. */
function groundTruthOf(row: Row): GroundTruth {
  const isSplit = row['ground_truth'] === undefined;
  const [gold = '', index = '', ...options] = isSplit
    ? [textField(row, 'gold'), textField(row, 'question_index'), '']
    : textField(row, 'ground_truth').split(SEPARATOR);
  if (2 + options.length < LEAST_FIELDS) return { gold, index, error: 'ValueError' };
  return { gold, index, error: LETTER.test(gold) ? null : 'AssertionError' };
}

const END_OF_TEXT = '<|im_end|>';

/**
 * Scores a row as the released functions do: adds `normalized`, `expected` (accuracy, format, english), `total`, and `error`,
 * the name of what they raise for a ground truth or an index that they refuse (CRPO specification 2.8).
 * @throws CliError CLI_INPUT for a row without what it is scored from
 */
export function releasedRow(row: Row): ScoredRow {
  const completion = textField(row, 'completion');
  const endOfText = textField(row, 'eos_token', END_OF_TEXT);
  const addsOpeningTag = flagField(row, 'add_bo_think_token') ?? false;
  const { gold, index, error } = groundTruthOf(row);
  if (error !== null)
    return { result: { normalized: null, expected: null, total: null, error }, components: [] };
  const isKnown = index.includes('train') || index.includes('dev');
  if (endOfText.length > 64)
    throw new CliError('CLI_INPUT', `eos_token has ${endOfText.length} characters, want at most 64`);
  const grader = createGrader({
    type: 'crpo',
    name: 'released',
    profile: 'grpo-released',
    end_of_text: endOfText,
    adds_opening_tag: addsOpeningTag,
  });
  // The released scorer computes the components of a row first, and then refuses its split.
  const { total, components } = grader.grade({
    item: { gold, question_index: isKnown ? index : 'train' },
    completion,
  });
  return {
    result: {
      normalized: normaliseReleased(completion, { endOfText, addsOpeningTag }),
      expected: valuesOf(components, ['accuracy', 'format', 'english']),
      total: isKnown ? total : null,
      error: isKnown ? null : 'ValueError',
    },
    components,
  };
}

export const valuesOf = (
  components: readonly GradeComponent[],
  names: readonly string[],
): Record<string, number | null> =>
  Object.fromEntries(names.map((name) => [name, components.find((c) => c.name === name)?.value ?? null]));
