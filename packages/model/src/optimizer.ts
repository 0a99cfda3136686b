export {
  type AdamHyperparameters,
  type AdamState,
  adamW,
  decodeAdam,
  encodeAdam,
  initAdam,
} from './optimizer/adam.js';
export { GradientSum } from './optimizer/gradient-sum.js';
export { clipScale, globalNorm } from './optimizer/norm.js';
