import { bootstrapRatio, majorityVote, readChoice, wilsonInterval } from '@residency/evaluation';
import type { EvaluationSummary, SampleGrade } from '@residency/protocol';
import type { GradedGroup } from '@residency/storage';

/** The component whose being positive means that the answer is right. */
const ACCURACY = 'accuracy';

/** Whether a sample's answer is right; null where nothing says so. */
export function isRight(grade: SampleGrade | undefined): boolean | null {
  const component = grade?.graded ? grade.components.find(({ name }) => name === ACCURACY) : undefined;
  return component === undefined ? null : component.value > 0;
}

/** A graded sample of a case. */
interface Answer {
  readonly isRight: boolean;
  /** Its boxed letter; null without exactly one. */
  readonly letter: string | null;
  readonly isGreedy: boolean;
}

function answersOf({ group, grades }: GradedGroup): Answer[] {
  return group.samples.flatMap(({ text, temperature, episode }, at) => {
    const right = isRight(grades.grades[at]);
    // An episode chooses no letter.
    if (right !== null && episode !== undefined)
      return [{ isRight: right, letter: null, isGreedy: temperature === 0 }];
    // The letter alone is asked for: the grade says whether it is right.
    return right === null
      ? []
      : [{ isRight: right, letter: readChoice(text, '').letter, isGreedy: temperature === 0 }];
  });
}

/** Draws of a bootstrap times cases: what a service's event loop may be kept from its other work by. */
const MAX_DRAWS = 1_000_000;
const RESAMPLES = { least: 100, most: 2_000 };

function bootstrapInterval(
  cases: readonly (readonly Answer[])[],
  seed: number,
): readonly [number, number] | null {
  if (cases.length === 0) return null;
  const within = Math.floor(MAX_DRAWS / cases.length);
  const { interval } = bootstrapRatio(
    {
      numerators: cases.map((answers) => answers.filter((answer) => answer.isRight).length),
      denominators: cases.map((answers) => answers.length),
    },
    { seed, resamples: Math.max(RESAMPLES.least, Math.min(RESAMPLES.most, within)) },
  );
  return interval === null ? null : [interval.low, interval.high];
}

/** The case's most frequent letter, and whether it is right: any sample that chose it says so. */
function majorityIsRight(answers: readonly Answer[]): boolean {
  const { letter } = majorityVote(answers.map((answer) => answer.letter));
  return letter !== null && answers.some((answer) => answer.letter === letter && answer.isRight);
}

const share = (flags: readonly boolean[]): number | null =>
  flags.length === 0 ? null : flags.filter((flag) => flag).length / flags.length;

type Figures = Pick<
  EvaluationSummary,
  'accuracy_interval' | 'greedy_interval' | 'majority_accuracy' | 'valid_share'
>;

/** What an evaluation says of its accuracies, cases in index order. */
export function accuracyFigures(groups: readonly GradedGroup[], seed: number): Figures {
  const all = groups.map(answersOf);
  const tempered = all.map((answers) => answers.filter((a) => !a.isGreedy)).filter((a) => a.length > 0);
  const greedy = all.flat().filter((answer) => answer.isGreedy);
  const hasLetters = !groups.some(({ group }) => group.samples.some(({ episode }) => episode !== undefined));
  const wilson = wilsonInterval(greedy.filter((answer) => answer.isRight).length, greedy.length);
  return {
    accuracy_interval: bootstrapInterval(tempered, seed),
    greedy_interval: wilson === null ? null : [wilson.low, wilson.high],
    majority_accuracy: hasLetters ? share(tempered.map(majorityIsRight)) : null,
    valid_share: hasLetters ? share(tempered.flat().map(({ letter }) => letter !== null)) : null,
  };
}
