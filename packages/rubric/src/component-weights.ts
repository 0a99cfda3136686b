import { loopholeNames } from './crpo/loopholes.js';
import { profiles } from './crpo/profile.js';
import type { CrpoGraderSpec } from './crpo/spec.js';
import { type LeafGraderSpec, parseGraderSpec } from './grader-types.js';
import { verifierComponents } from './verifier.js';

type Weights = readonly (readonly [name: string, weight: number])[];

function ofCrpo(spec: CrpoGraderSpec): Weights {
  const [accuracy, reasoning, consistency] = profiles[spec.profile].components;
  const zero = (names: readonly string[]): Weights => names.map((name) => [name, 0]);
  return [
    [accuracy, spec.k],
    [reasoning, 1],
    [consistency, spec.consistencyWeight],
    ...zero(spec.reportsLoopholes ? loopholeNames.map((name) => `loophole_${name}`) : []),
    ...(spec.veto.names.length > 0 ? [['veto', 1] as const] : []),
    ...(spec.safety === null ? [] : [['safety', 1] as const]),
    ...zero(spec.verifier === null ? [] : verifierComponents[spec.verifier]),
  ];
}

function ofLeaf(spec: LeafGraderSpec): Weights {
  if (spec.type === 'crpo') return ofCrpo(spec);
  const threshold = 'pass_threshold' in spec ? spec.pass_threshold : null;
  return [[spec.name, 1], ...(threshold === null ? [] : [[`${spec.name}.passed`, 0] as const])];
}

/** What a grader inside a multi grader reports, under its key: its value, and what it has beside that. */
function reportedUnder(key: string, spec: LeafGraderSpec): Weights {
  const [own, ...more] = ofLeaf(spec);
  const below = own === undefined || spec.type === 'crpo' ? ofLeaf(spec) : more;
  return [
    [key, 0],
    ...below.map(([name]) => [`${key}.${name.slice(name.lastIndexOf('.') + 1)}`, 0] as const),
  ];
}

/**
 * The components of a grader's grades and their weights in the total, by name, in order: 0 for those that are only reported.
 * Rows of the held-out split of profile `grpo-released` count accuracy alone (CRPO specification 2.2).
 * @throws RubricError for a description that is not valid
 */
export function componentWeights(spec: unknown): ReadonlyMap<string, number> {
  const parsed = parseGraderSpec(spec);
  if (parsed.type !== 'multi') return new Map(ofLeaf(parsed));
  const parts = parsed.graders.flatMap(({ key, spec: own }) => reportedUnder(key, own));
  return new Map([[parsed.name, 1], ...parts]);
}
