import { personaOf } from './personas.js';

/** A step that was taken: what was seen, and what was done then. */
export interface PastStep {
  readonly observation: string;
  readonly action: string;
}

/** What an agent knows when it is its turn. */
export interface AgentView {
  readonly environment: string;
  readonly task: string;
  /** All steps so far, in the order of time. */
  readonly past: readonly PastStep[];
  readonly observation: string;
  readonly admissible: readonly string[];
}

/** `published` asks as the reference does, in whole sentences; `brief` says the same in a few words, for small models. */
export type PromptStyle = 'published' | 'brief';

/** The names, for those who read them from outside. */
export const PROMPT_STYLES: readonly PromptStyle[] = ['published', 'brief'];

export interface PromptSettings {
  readonly style: PromptStyle;
  /** Steps of the past that a prompt tells, at least 0; a prompt thus stays about as long. */
  readonly history: number;
}

/** From here on a prompt leaves the past out (GiGPO specification, section 4.1). */
const MAX_CHARACTERS = 13_000;
const TASK_MARK = 'Your task is to: ';
/** Asks for what can be done; it tells an agent nothing that its prompt does not. */
const HELP = 'help';

/** What a shop's pages put between their texts, and before what is asked for (WebShop specification, section 3). */
const PAGE_SEPARATOR = ' [SEP] ';
const PAGE_MARK = `Instruction:${PAGE_SEPARATOR}`;

/** What a first observation says is to be done: all behind `Your task is to: `, a shop's instruction, or else the whole of it. */
export function taskIn(observation: string): string {
  const at = observation.indexOf(TASK_MARK);
  if (at >= 0) return observation.slice(at + TASK_MARK.length).trim();
  const page = observation.indexOf(PAGE_MARK);
  return page < 0
    ? observation.trim()
    : (observation.slice(page + PAGE_MARK.length).split(PAGE_SEPARATOR, 1)[0] ?? '');
}

const offered = (admissible: readonly string[]): string[] => admissible.filter((action) => action !== HELP);

/** Actions as the reference lists them. */
const quoted = (admissible: readonly string[]): string =>
  offered(admissible)
    .map((action) => `'${action}'`)
    .join('\n ');

/** Steps of the past that are told, each with its number from 1. */
const told = ({ past }: AgentView, history: number): (PastStep & { readonly number: number })[] =>
  past.map((step, at) => ({ ...step, number: at + 1 })).slice(Math.max(0, past.length - history));

function published(view: AgentView, history: number): string {
  const { environment, task, past, observation, admissible } = view;
  const { role, aim } = personaOf(environment);
  const steps = told(view, history).map(
    ({ number, observation, action }) =>
      `[Observation ${number}: '${observation}', Action ${number}: '${action}']`,
  );
  const now =
    past.length === 0
      ? [`${role} Your current observation is: ${observation}`]
      : [
          `${role} Your task is to: ${task}`,
          `You have already taken ${past.length} step(s).` +
            (steps.length === 0 ? '' : ` The most recent are:\n${steps.join('\n')}`),
          `You are now at step ${past.length + 1} and your current observation is: ${observation}`,
        ];
  return [
    ...now,
    `What you can do now: [${quoted(admissible)}].`,
    `It is your turn. Reason step by step within <think> </think> about which action ${aim}, then give the one that you choose within <action> </action>.`,
  ].join('\n');
}

/** An observation without the task that it ends with. */
function withoutTask(observation: string): string {
  const at = observation.indexOf(TASK_MARK);
  return (at < 0 ? observation : observation.slice(0, at)).replaceAll(/\s+/g, ' ').trim();
}

function brief(view: AgentView, history: number): string {
  const steps = told(view, history).map(
    ({ observation, action }) => `saw: ${withoutTask(observation)}\ndid: ${action}`,
  );
  return [
    `task: ${view.task}`,
    ...steps,
    `see: ${withoutTask(view.observation)}`,
    `can: ${offered(view.admissible).join('; ')}`,
  ].join('\n');
}

const STYLES: { readonly [S in PromptStyle]: (view: AgentView, history: number) => string } = {
  published,
  brief,
};

/**
 * The message that a policy is asked for its next action with: one message of the user, which tells the task, so many last steps
 * and what can be done now. One of more than 13,000 characters leaves the past out, as the reference does in its shop. Source: GiGPO
 * specification, section 4.1.
 */
export function agentPrompt(view: AgentView, { style, history }: PromptSettings): string {
  const prompt = STYLES[style](view, history);
  return prompt.length > MAX_CHARACTERS ? STYLES[style](view, 0) : prompt;
}

type Seen = Pick<AgentView, 'observation' | 'admissible'>;

const REPLIES: { readonly [S in PromptStyle]: (seen: Seen) => string } = {
  published: ({ observation, admissible }) =>
    `Your current observation is: ${observation}\nWhat you can do now: [${quoted(admissible)}].`,
  brief: ({ observation, admissible }) =>
    `see: ${withoutTask(observation)}\ncan: ${offered(admissible).join('; ')}`,
};

/** What a conversation says behind the policy's last response: what is seen now, and what can be done. */
export const agentReply = (seen: Seen, style: PromptStyle): string => REPLIES[style](seen);
