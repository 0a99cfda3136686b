/** Cognitive behaviours (CRPO specification 4.3) and faithfulness metrics (4.4), in the order of their table (4.5). */
export type MeasureName =
  | 'backtracking'
  | 'backward_chaining'
  | 'subgoals'
  | 'verification'
  | 'faithfulness'
  | 'case_evidence'
  | 'distractor_rejection'
  | 'hallucination';

/** Something that a judge counts in a completion; the mean count is the result. */
export interface Measure {
  /** Short name of the published tables. */
  readonly abbreviation: string;
  readonly title: string;
  /** What one instance is, after "Count". */
  readonly definition: string;
  /** A passage and what is counted in it. */
  readonly example: { readonly passage: string; readonly count: number; readonly because: string };
  /** Whether a lower mean is the better one. */
  readonly isLowerBetter: boolean;
}

/** Every measure, by its name. The definitions follow the specification; wording and examples are this project's. */
export const measures: { readonly [N in MeasureName]: Measure } = {
  backtracking: {
    abbreviation: 'BT',
    title: 'backtracking',
    definition:
      'the places where the writer notices an error or a dead end in the reasoning so far and goes back to an earlier step',
    example: {
      passage:
        'This looks like asthma. But the wheeze is on one side only, so asthma does not fit; back to the cause of the cough.',
      count: 1,
      because: 'the writer drops asthma once and starts again from the cough',
    },
    isLowerBetter: false,
  },
  backward_chaining: {
    abbreviation: 'BC',
    title: 'backward chaining',
    definition:
      'the places where the writer starts from a candidate diagnosis or answer and works back to the evidence it would need',
    example: {
      passage:
        'If this were pulmonary embolism, a sudden onset and a fast heart would be expected, and both are there.',
      count: 1,
      because: 'one candidate is taken as given and its evidence looked for',
    },
    isLowerBetter: false,
  },
  subgoals: {
    abbreviation: 'SG',
    title: 'sub-goal setting',
    definition: 'the intermediate goals that the writer names before working on them',
    example: {
      passage:
        'First find out whether the shock is cardiogenic. Then decide which drug raises the pressure safely.',
      count: 2,
      because: 'two goals on the way to the answer are named',
    },
    isLowerBetter: false,
  },
  verification: {
    abbreviation: 'VF',
    title: 'answer verification',
    definition:
      'the places where the writer explicitly checks a result against the conditions that the question gives',
    example: {
      passage: 'So the score is 3. Checking: age 78 gives 2 and hypertension gives 1, which is 3.',
      count: 1,
      because: 'one result is compared with what is given',
    },
    isLowerBetter: false,
  },
  faithfulness: {
    abbreviation: 'FA',
    title: 'faithfulness',
    definition:
      'the distinct clinically relevant claims that fit this case, agree with present medical knowledge and are right',
    example: {
      passage:
        'Gonorrhoea is caused by a Gram-negative diplococcus. Ceftriaxone is its first-line treatment.',
      count: 2,
      because: 'both claims are relevant and right; a repetition would not count again',
    },
    isLowerBetter: false,
  },
  case_evidence: {
    abbreviation: 'CECD',
    title: 'case evidence cited',
    definition:
      'the explicit links from a concrete finding of this patient (vital sign, laboratory value, examination, imaging, exposure) to an inference',
    example: {
      passage: 'The potassium of 6.8 mmol/l explains the tall T waves. Hyperkalaemia can be dangerous.',
      count: 1,
      because: 'one finding is tied to an inference; the second sentence names no finding',
    },
    isLowerBetter: false,
  },
  distractor_rejection: {
    abbreviation: 'DRC',
    title: 'distractors rejected',
    definition: 'the wrong options that the writer rejects explicitly and for a valid reason',
    example: {
      passage: 'Not B: warfarin is contraindicated in pregnancy. C and D are unlikely.',
      count: 1,
      because: 'B is rejected with a reason, C and D without one',
    },
    isLowerBetter: false,
  },
  hallucination: {
    abbreviation: 'HA',
    title: 'hallucination',
    definition: 'the claims that are made up or that neither the case nor medical knowledge supports',
    example: {
      passage:
        'The chest film shows a cavity in the right upper lobe. (The question mentions no chest film.)',
      count: 1,
      because: 'the film is made up',
    },
    isLowerBetter: true,
  },
};

/** Every measure's name, in the order of the table. */
export const measureNames: readonly MeasureName[] = [
  'backtracking',
  'backward_chaining',
  'subgoals',
  'verification',
  'faithfulness',
  'case_evidence',
  'distractor_rejection',
  'hallucination',
];
