import { type Answer, type Outcome, readChoice } from '@residency/evaluation';
import { createGrader } from '@residency/rubric';

const grader = createGrader({ type: 'crpo', name: 'crpo', profile: 'crpo-paper' });

/** An answer as an evaluation makes it of a text. */
export function answerOf(completion: string, gold = 'A', more: Partial<Answer> = {}): Answer {
  const grade = grader.grade({ item: { gold }, completion });
  const choice = readChoice(completion, gold);
  return {
    completion,
    ...choice,
    tokens: completion.length,
    truncated: false,
    grade,
    judgements: [],
    ...more,
  };
}

/** A question with answers that box the given letters; `-` boxes none. */
export function outcomeOf(id: string, letters: string, more: Partial<Outcome> = {}): Outcome {
  const gold = more.gold ?? 'A';
  return {
    id,
    question: `Question ${id}?`,
    options: { A: 'one', B: 'two', C: 'three' },
    gold,
    subject: null,
    answers: [...letters].map((letter) =>
      answerOf(letter === '-' ? 'unsure' : `So \\boxed{${letter}}`, gold),
    ),
    ...more,
  };
}
