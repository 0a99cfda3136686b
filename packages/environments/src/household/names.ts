/** What a class is called that hides behind another in an id, such as the basin of a sink. */
const BASIN = 'basin';

const classOf = (id: string): string | null => {
  const end = id.indexOf('_bar_');
  if (end < 0) return null;
  return id.includes(BASIN) ? `${id.slice(0, end)}${BASIN}` : id.slice(0, end);
};

/** Order of code units, which does not depend on any locale. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Display names of lower-case ids, numbered within each class from the last sorted id, which is 1, up to the first:
 * `cd_bar__plus_1`, `cd_bar__plus_2` are `cd 2`, `cd 1`. An id without `_bar_` keeps its text and gets a space.
 * (ALFWorld specification, section 4)
 */
export function displayNames(ids: Iterable<string>): Map<string, string> {
  const sorted = [...new Set(ids)].sort(byText);
  const left = new Map<string, number>();
  for (const id of sorted) {
    const name = classOf(id);
    if (name !== null) left.set(name, (left.get(name) ?? 0) + 1);
  }
  return new Map(
    sorted.map((id) => {
      const name = classOf(id);
      if (name === null) return [id, `${id} `];
      const number = left.get(name) ?? 0;
      left.set(name, number - 1);
      return [id, `${name} ${number}`];
    }),
  );
}
