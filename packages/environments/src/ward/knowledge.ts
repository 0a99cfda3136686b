import type { Ward } from './build-ward.js';

/** What is known of each finding of a ward: `UNKNOWN`, `ABSENT` or `PRESENT`. */
export type Knowledge = Readonly<Uint8Array>;

export const UNKNOWN = 0;
export const ABSENT = 1;
export const PRESENT = 2;

/** P(known findings, disease) for each disease: the prior times the probability of each known finding. */
export function weightsOf(ward: Ward, knowledge: Knowledge): number[] {
  return ward.diseases.map(({ prior }, disease) => {
    let weight = prior;
    for (let place = 0; place < knowledge.length; place++) {
      if (knowledge[place] === UNKNOWN) continue;
      const chance = ward.findings[place]?.chances[disease] ?? 0;
      weight *= knowledge[place] === PRESENT ? chance : 1 - chance;
    }
    return weight;
  });
}

/** P(disease | known findings) for each disease, by Bayes' rule; the priors where the findings cannot be. */
export function posteriorOf(ward: Ward, knowledge: Knowledge): number[] {
  const weights = weightsOf(ward, knowledge);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (total === 0) return ward.diseases.map(({ prior }) => prior);
  return weights.map((weight) => weight / total);
}

/** The greatest urgency that a known red flag calls for, a place in `URGENCIES`; 0 where there is none. */
export function urgencyCalledFor(ward: Ward, knowledge: Knowledge): number {
  let called = 0;
  for (let place = 0; place < knowledge.length; place++) {
    const callsFor = knowledge[place] === PRESENT ? (ward.findings[place]?.callsFor ?? 0) : 0;
    if (callsFor > called) called = callsFor;
  }
  return called;
}

/** Whether an action would change something: what is known needs no second look. */
export const isOpen = (knowledge: Knowledge, action: number): boolean =>
  action >= knowledge.length || knowledge[action] === UNKNOWN;

/**
 * Names a state of knowledge: the known findings, sorted by name, with their values. Equal knowledge has equal
 * anchors in whatever order it came (GiGPO specification, sections 1.2 and 1.8).
 */
export function anchorOf(ward: Ward, knowledge: Knowledge): string {
  const parts = ['ward'];
  for (const place of ward.sortedFindings) {
    if (knowledge[place] === UNKNOWN) continue;
    parts.push(`${ward.findings[place]?.name}: ${knowledge[place] === PRESENT ? 'present' : 'absent'}`);
  }
  return parts.join('; ');
}
