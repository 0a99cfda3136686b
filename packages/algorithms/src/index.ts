export * from './advantages/index.js';
export { type RandomKey, randomWords, shuffle, uniform, uniformBelow } from './counter-random.js';
export { AlgorithmError, type AlgorithmErrorCode, algorithmErrors } from './errors.js';
export * from './losses/index.js';
export { multiplyHigh, philox4x32, type Words2, type Words4 } from './philox.js';
