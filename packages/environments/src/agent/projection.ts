/** What is read out of a response of a policy. */
export interface ProjectedAction {
  /** In lower case; what the environment is asked to do, valid or not. */
  readonly action: string;
  /** Whether the response has the form that the prompt asks for; whether the environment knows the action is another matter. */
  readonly isValid: boolean;
}

const OPEN = '<action>';
const CLOSE = '</action>';
const THINKING = ['<think>', '</think>'] as const;
/** The ideographs U+4E00 to U+9FFF. */
const IDEOGRAPH = /[\u4e00-\u9fff]/;

/** Characters of a response without an action that are tried as one, and what is usual (GiGPO specification, section 4.2). */
const TAILS: Readonly<Record<string, number>> = { shop: 20 };
const USUAL_TAIL = 30;

/**
 * The action of a response, in linear time: what stands between the first `<action>` and the first `</action>`, in lower case
 * and trimmed. Without both tags it is the last few characters, and not valid; neither is a response that lacks `<think>` or
 * `</think>` or that holds an ideograph. Source: GiGPO specification, section 4.2.
 * @param environment whose reference decides how many characters are tried: 20 of a shop, else 30
 */
export function projectAction(response: string, environment: string): ProjectedAction {
  const lower = response.toLowerCase();
  const start = lower.indexOf(OPEN);
  const end = lower.indexOf(CLOSE);
  if (start < 0 || end < 0) {
    const tail = (Object.hasOwn(TAILS, environment) ? TAILS[environment] : undefined) ?? USUAL_TAIL;
    // Twice as many units, so that the last characters are whole ones.
    const action = [...lower.slice(-2 * tail)].slice(-tail).join('');
    return { action, isValid: false };
  }
  const isThought = THINKING.every((tag) => response.includes(tag));
  return {
    action: lower.slice(start + OPEN.length, Math.max(end, start + OPEN.length)).trim(),
    isValid: isThought && !IDEOGRAPH.test(response),
  };
}

/** A response that projects to an action, as demonstrations write it. */
export const responseOf = (thought: string, action: string): string =>
  `<think>${thought}</think>${OPEN}${action}${CLOSE}`;
