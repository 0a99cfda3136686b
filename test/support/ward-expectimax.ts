import {
  ABSENT,
  type Commitment,
  PRESENT,
  scoreEpisode,
  UNKNOWN,
  type Ward,
  type WardPatient,
} from '@residency/environments';

interface WeightedPatient {
  readonly patient: WardPatient;
  readonly probability: number;
}

/** Every patient that a ward can have, with its probability. */
export function everyPatient({ diseases, findings }: Ward): WeightedPatient[] {
  return diseases.flatMap(({ prior }, disease) =>
    Array.from({ length: 2 ** findings.length }, (_, bits) => {
      const present = findings.map((_finding, place) => ((bits >> place) & 1) === 1);
      const probability = findings.reduce((product, { chances }, place) => {
        const chance = chances[disease] ?? 0;
        return product * (present[place] ? chance : 1 - chance);
      }, prior);
      return { patient: { presentation: '', disease, present }, probability };
    }),
  );
}

/**
 * Expected reward of the best play, by trying every sequence of actions on the whole list of patients that are still
 * possible, each episode scored as episodes are: nothing of the dynamic program is used.
 */
export function expectimax(ward: Ward): number {
  const ended = (
    patients: readonly WeightedPatient[],
    elicited: readonly number[],
    commitment: Commitment | null,
  ) =>
    patients.reduce(
      (sum, { patient, probability }) =>
        sum + probability * scoreEpisode({ ward, patient, elicited, commitment }).total,
      0,
    );
  const best = (patients: readonly WeightedPatient[], elicited: readonly number[]): number => {
    if (patients.length === 0) return 0;
    if (elicited.length >= ward.maxSteps) return ended(patients, elicited, null);
    const values = ward.actions.flatMap((action) => {
      if (action.kind === 'commit') return [ended(patients, elicited, action)];
      if (elicited.includes(action.finding)) return [];
      const next = [...elicited, action.finding];
      const parts = [true, false].map((isPresent) =>
        patients.filter(({ patient }) => patient.present[action.finding] === isPresent),
      );
      return [parts.reduce((sum, part) => sum + best(part, next), 0)];
    });
    return Math.max(...values);
  };
  return best(everyPatient(ward), []);
}

/** Every state of knowledge of a ward of few findings. */
export function everyKnowledge({ findings }: Ward): Uint8Array[] {
  let states: number[][] = [[]];
  for (const _ of findings)
    states = states.flatMap((state) => [UNKNOWN, ABSENT, PRESENT].map((digit) => [...state, digit]));
  return states.map((state) => Uint8Array.from(state));
}
