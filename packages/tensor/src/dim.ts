/**
 * Symbolic dimensions: polynomials with integer coefficients over named sizes such as P, S and G, so that a program is
 * traced and compiled once and run at any size. A constant polynomial is a plain number.
 */

/** A polynomial in canonical form: monomial ("G*S", sorted names) to a non-zero coefficient. Equal iff the keys are equal. */
export interface SymbolicDim {
  readonly key: string;
  readonly terms: ReadonlyMap<string, number>;
}

export type Dim = number | SymbolicDim;
export type Shape = readonly Dim[];
/** Values of the named sizes at run time. */
export type Bindings = Readonly<Record<string, number>>;

const termsOf = (d: Dim): ReadonlyMap<string, number> =>
  typeof d === 'number' ? new Map(d === 0 ? [] : [['', d]]) : d.terms;

function fromTerms(terms: Map<string, number>): Dim {
  const kept = [...terms].filter(([, c]) => c !== 0).sort(([a], [b]) => (a < b ? -1 : 1));
  if (kept.length === 0) return 0;
  const first = kept[0];
  if (kept.length === 1 && first && first[0] === '') return first[1];
  const show = ([name, c]: readonly [string, number]): string =>
    name === '' ? `${c}` : c === 1 ? name : `${c}*${name}`;
  // The constant, which sorts first, reads better at the end.
  const ordered = [...kept.filter(([n]) => n !== ''), ...kept.filter(([n]) => n === '')];
  return { key: ordered.map(show).join('+').replaceAll('+-', '-'), terms: new Map(kept) };
}

/** A named size. */
export function sym(name: string): SymbolicDim {
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(name)) throw new TypeError(`sym: want a plain name, got "${name}"`);
  return { key: name, terms: new Map([[name, 1]]) };
}

export function addDims(a: Dim, b: Dim): Dim {
  if (typeof a === 'number' && typeof b === 'number') return a + b;
  const terms = new Map(termsOf(a));
  for (const [name, c] of termsOf(b)) terms.set(name, (terms.get(name) ?? 0) + c);
  return fromTerms(terms);
}

export const subDims = (a: Dim, b: Dim): Dim => addDims(a, mulDims(b, -1));

const joinNames = (a: string, b: string): string =>
  [...a.split('*'), ...b.split('*')]
    .filter((n) => n !== '')
    .sort()
    .join('*');

export function mulDims(a: Dim, b: Dim): Dim {
  // Adding 0 turns the -0 of a negative factor into the one zero that sizes have.
  if (typeof a === 'number' && typeof b === 'number') return a * b + 0;
  const terms = new Map<string, number>();
  for (const [an, ac] of termsOf(a)) {
    for (const [bn, bc] of termsOf(b)) {
      const name = joinNames(an, bn);
      terms.set(name, (terms.get(name) ?? 0) + ac * bc);
    }
  }
  return fromTerms(terms);
}

/** d / size, where every term of d has the factor. @throws RangeError where one has not. */
export function divDims(d: Dim, size: SymbolicDim): Dim {
  const terms = new Map<string, number>();
  for (const [names, c] of termsOf(d)) {
    const factors = names.split('*');
    const place = factors.indexOf(size.key);
    if (place < 0) throw new RangeError(`${showDim(d)} is no multiple of ${size.key}`);
    factors.splice(place, 1);
    terms.set(factors.join('*'), c);
  }
  return fromTerms(terms);
}

/** The named sizes that a size depends on. */
export const namesOf = (d: Dim): string[] =>
  typeof d === 'number'
    ? []
    : [...d.terms.keys()].flatMap((names) => names.split('*')).filter((n) => n !== '');

export const productOf = (shape: Shape): Dim => shape.reduce<Dim>(mulDims, 1);

export const sameDim = (a: Dim, b: Dim): boolean =>
  typeof a === 'number' || typeof b === 'number' ? a === b : a.key === b.key;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => sameDim(d, b[i] ?? 0));

export const showDim = (d: Dim): string => (typeof d === 'number' ? `${d}` : d.key);
export const showShape = (shape: Shape): string => `[${shape.map(showDim).join(',')}]`;

/** @throws RangeError naming the size that has no value. */
export function evalDim(d: Dim, bindings: Bindings): number {
  if (typeof d === 'number') return d;
  let total = 0;
  for (const [names, c] of d.terms) {
    let product = c;
    for (const name of names.split('*')) {
      if (name === '') continue;
      const value = bindings[name];
      if (value === undefined) throw new RangeError(`no value for size ${name} in ${d.key}`);
      product *= value;
    }
    total += product;
  }
  return total;
}

export const evalShape = (shape: Shape, bindings: Bindings): number[] =>
  shape.map((d) => evalDim(d, bindings));
