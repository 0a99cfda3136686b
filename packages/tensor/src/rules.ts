import type { Prim } from './ir.js';
import * as elementwise from './rules/elementwise.js';
import * as linear from './rules/linear.js';
import * as loops from './rules/loop.js';
import * as movement from './rules/movement.js';
import type { Rule } from './rules/rule.js';
import * as source from './rules/source.js';

/** Type rule and derivative of every primitive: a missing row fails to compile. */
export const RULES: { readonly [P in Prim]: Rule<P> } = {
  ...source,
  ...elementwise,
  ...linear,
  ...movement,
  ...loops,
};

export const PRIMITIVES: readonly Prim[] = Object.keys(RULES).sort() as Prim[]; // the table's keys are the closed set
