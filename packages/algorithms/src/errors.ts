/** Every way the functions of this package refuse their input: code -> what it means. */
export const algorithmErrors = {
  ALGORITHM_RANDOM_KEY: 'a random key is not a list of unsigned 32-bit integers',
  ALGORITHM_RANDOM_BOUND: 'a bound or length is outside its range',
  ALGORITHM_GROUP_EMPTY: 'a group has no rewards',
  ALGORITHM_REWARD_NOT_FINITE: 'a reward is not a finite number',
  ALGORITHM_EPSILON: 'epsilon is not a positive finite number',
  ALGORITHM_ESTIMATOR_UNKNOWN: 'no estimator has the given name',
  ALGORITHM_GROUP_SMALL: 'a group has fewer samples than its estimator needs',
  ALGORITHM_ADVANTAGE_OPTION: 'an option of an advantage estimator is unknown or outside its range',
  ALGORITHM_ANCHOR: 'an anchor is no value that can be compared',
  ALGORITHM_SHAPE: 'arrays that belong together differ in shape',
  ALGORITHM_MASK_EMPTY: 'no token carries loss',
  ALGORITHM_CLIP: 'a clip range is outside its range',
  ALGORITHM_LOSS_OPTION: 'an option of a loss is unknown or outside its range',
} as const;

export type AlgorithmErrorCode = keyof typeof algorithmErrors;

/** Thrown for input that an algorithm cannot work on; `code` is a contract, the message is for people. */
export class AlgorithmError extends Error {
  readonly code: AlgorithmErrorCode;

  constructor(code: AlgorithmErrorCode, message: string) {
    super(message);
    this.name = 'AlgorithmError';
    this.code = code;
  }
}
