/** Caps of the CRPO grader: what they take away is no objective to be normalised, but bounds what a sample may gain. */
export const CONSTRAINTS: ReadonlySet<string> = new Set(['safety', 'veto']);

/**
 * What a component of a reward weighs as an objective of its own: what `weights` says of its name, else 1 where it counts in
 * the reward and 0 where it does not; a constraint nothing.
 */
export function objectiveWeight(
  { name, weight }: { readonly name: string; readonly weight: number },
  weights: Readonly<Record<string, number>>,
): number {
  if (CONSTRAINTS.has(name)) return 0;
  return Object.hasOwn(weights, name) ? (weights[name] ?? 0) : weight > 0 ? 1 : 0;
}
