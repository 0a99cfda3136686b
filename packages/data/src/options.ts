import { isFields, isText, type RecordReader } from './record.js';

/** Letters that options are given, in order. */
export const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';

/** The letter of an option counted from 0. */
export const letterAt = (index: number): string => LETTERS.charAt(index);

/** Options of texts, lettered in their order. */
export const lettered = (texts: readonly string[]): Record<string, string> =>
  Object.fromEntries(texts.map((text, at) => [letterAt(at), text]));

/**
 * Options that a record holds as an object, letter to text.
 * @throws DataError DATA_ROW unless the letters are A, B and so on without a gap, at least two, none blank
 */
export function readOptions(reader: RecordReader, field: string): Record<string, string> {
  const value = reader.fields[field];
  if (!isFields(value)) return reader.refuse(field, value, 'an object of letters and texts');
  const found = Object.keys(value).sort();
  const wanted = [...LETTERS.slice(0, found.length)];
  if (found.length < 2 || found.some((letter, at) => letter !== wanted[at])) {
    return reader.refuse(field, found, 'the letters from A on, at least two');
  }
  const texts = found.map((letter) => {
    const text = value[letter];
    return isText(text) ? text : reader.refuse(`${field}.${letter}`, text, 'a text that is not blank');
  });
  return lettered(texts);
}

/**
 * The key of a record that is a letter; null where it is absent, null or blank.
 * @throws DataError DATA_ROW for anything that is not one of the options
 */
export function readLetter(
  reader: RecordReader,
  field: string,
  options: Readonly<Record<string, string>>,
): string | null {
  const value = reader.optionalText(field);
  if (value === undefined) return null;
  if (Object.hasOwn(options, value)) return value;
  return reader.refuse(field, value, `one of ${Object.keys(options).join(', ')}`);
}

/**
 * Checks that a text which a record gives beside its key is that of the keyed option.
 * @throws DataError DATA_ROW
 */
export function checkAnswerText(
  reader: RecordReader,
  field: string,
  right: { readonly letter: string | null; readonly options: Readonly<Record<string, string>> },
): void {
  const text = reader.optionalText(field);
  if (text === undefined || right.letter === null) return;
  const wanted = right.options[right.letter] ?? '';
  if (text.trim() === wanted.trim()) return;
  reader.refuse(field, text, `the text of option ${right.letter}, ${JSON.stringify(wanted)}`);
}
