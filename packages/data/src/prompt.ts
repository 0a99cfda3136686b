import type { DataMessage, Question } from './row.js';

/** `crpo`: dx and conclusion. `think`: the released think and answer. `plain`: the question and nothing else. */
export type PromptName = 'crpo' | 'think' | 'plain';

/** What a prompt is made of. */
export type Asked = Pick<Question, 'question' | 'options'>;

/** The question, then one line per option, as in `A: text`. */
export const questionText = ({ question, options }: Asked): string =>
  [question, ...Object.entries(options).map(([letter, text]) => `${letter}: ${text}`)].join('\n');

const ROLE =
  'You are an experienced physician who reasons from findings to diagnosis and plans treatment. Answer the question below.';

const BOX =
  'Write the letter of your choice once in the whole reply, inside \\boxed{}: \\boxed{A} or \\boxed{B}, for instance.';

/** Our wording of the published format (CRPO specification 1.2): both kinds of reasoning, cited by the conclusion. */
const crpo = (asked: Asked): string =>
  [
    ROLE,
    'Your reply has exactly two parts, in these tags, and nothing outside them:',
    '<dx>',
    'System 1 (intuitive): the findings that stand out, the pattern they make, the diagnoses or answers it suggests.',
    'System 2 (analytical): each candidate tested against the facts of the case, and why every other option is rejected.',
    '</dx>',
    '<conclusion>',
    'A short synthesis that names the findings from the dx part on which it rests, then your choice.',
    '</conclusion>',
    BOX,
    '',
    'Question:',
    questionText(asked),
  ].join('\n');

/** Our wording of the released format (CRPO specification 1.1). */
const think = (asked: Asked): string =>
  [
    ROLE,
    'Your reply has exactly two parts, in these tags, and nothing outside them:',
    '<think>',
    'Your reasoning, step by step.',
    '</think>',
    '<answer>',
    'A summary of the reasoning, then your choice.',
    '</answer>',
    BOX,
    '',
    'Question:',
    questionText(asked),
  ].join('\n');

/** Every prompt template, by its name. */
const templates: { readonly [N in PromptName]: (asked: Asked) => string } = {
  crpo,
  think,
  plain: questionText,
};

/** Their names, in order. A total table has exactly the keys of its type. */
export const promptNames: readonly PromptName[] = Object.keys(templates).sort() as PromptName[];

/** The chat that asks a question: one message of the user, as in the published recipe. */
export const promptMessages = (name: PromptName, asked: Asked): readonly DataMessage[] => [
  { role: 'user', content: templates[name](asked) },
];
