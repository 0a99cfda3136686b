const LONGEST_SHOWN = 60;

/** A value from outside as an error shows it: in short, however large or deep it is. */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    const isShort = value.length <= LONGEST_SHOWN;
    return JSON.stringify(isShort ? value : `${value.slice(0, LONGEST_SHOWN)}...`);
  }
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `a list of ${value.length}`;
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.keys(value).length === 0 ? '{}' : 'an object';
}
