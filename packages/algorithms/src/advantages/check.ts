import { AlgorithmError } from '../errors.js';

/** @throws AlgorithmError ALGORITHM_REWARD_NOT_FINITE naming the first value that is not finite */
export function checkFinite(name: string, values: readonly number[]): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new AlgorithmError(
      'ALGORITHM_REWARD_NOT_FINITE',
      `${name}[${i}] is ${values[i]}, want a finite number`,
    );
  }
}

/** @throws AlgorithmError ALGORITHM_SHAPE where columns that belong together differ in length */
export function checkLengths(
  length: number,
  columns: Readonly<Record<string, readonly unknown[] | undefined>>,
): void {
  for (const [name, column] of Object.entries(columns)) {
    if (column === undefined || column.length === length) continue;
    throw new AlgorithmError('ALGORITHM_SHAPE', `${name} has ${column.length} values, want ${length}`);
  }
}

/** @throws AlgorithmError ALGORITHM_EPSILON */
export function checkEpsilon(epsilon: number): void {
  if (Number.isFinite(epsilon) && epsilon > 0) return;
  throw new AlgorithmError('ALGORITHM_EPSILON', `epsilon is ${epsilon}, want a finite number greater than 0`);
}

/** @throws AlgorithmError ALGORITHM_ADVANTAGE_OPTION where a number is outside its range, ends included */
export function checkRange(name: string, value: number, [low, high]: readonly [number, number]): void {
  if (Number.isFinite(value) && value >= low && value <= high) return;
  const wanted = high === Number.POSITIVE_INFINITY ? `at least ${low}` : `from ${low} to ${high}`;
  throw new AlgorithmError('ALGORITHM_ADVANTAGE_OPTION', `${name} is ${value}, want a number ${wanted}`);
}

/** @throws AlgorithmError ALGORITHM_ADVANTAGE_OPTION where a word is none of the known ones */
export function checkChoice(name: string, value: string, choices: readonly string[]): void {
  if (choices.includes(value)) return;
  throw new AlgorithmError(
    'ALGORITHM_ADVANTAGE_OPTION',
    `${name} is '${String(value)}', want one of: ${choices.join(', ')}`,
  );
}
