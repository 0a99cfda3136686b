import type { Environment, Episode, EpisodeOptions, Observation, Step } from './environment.js';
import { EnvironmentError } from './errors.js';
import { type Response, VITAL_SIGNS, type VitalSign, vitalSigns } from './news2.js';
import { drawPatient } from './triage-patient.js';

const RESPONSES: readonly Response[] = ['routine', 'urgent', 'emergency'];

/** Cost of a measurement: small against a declaration, so that looking is worth it, yet not for its own sake. */
const MEASUREMENT_REWARD = -0.02;

/** Reward of a declaration by how many levels it lies above (+) or below (-) the right one. */
const DECLARATION_REWARDS: Readonly<Record<string, number>> = {
  '-2': -1,
  '-1': -0.5,
  '0': 1,
  '1': 0.3,
  '2': 0,
};

const TASK = 'declare the response that the NEWS2 score calls for.';

const DEFAULT_MAX_STEPS = 12;
const MAX_MAX_STEPS = 100;

type Action =
  | { readonly kind: 'measure'; readonly sign: VitalSign }
  | { readonly kind: 'declare'; readonly response: Response };

/** Every action by its text. */
const ACTIONS: ReadonlyMap<string, Action> = new Map<string, Action>([
  ...VITAL_SIGNS.map((sign) => [`measure ${sign}`, { kind: 'measure', sign }] as const),
  ...RESPONSES.map((response) => [`declare ${response}`, { kind: 'declare', response }] as const),
]);

function parseMaxSteps(task: unknown): number {
  const refuse = (param: string, message: string) => new EnvironmentError('ENVIRONMENT_TASK', param, message);
  if (task === undefined || task === null) return DEFAULT_MAX_STEPS;
  if (typeof task !== 'object' || Array.isArray(task)) {
    throw refuse('task', `triage task is ${JSON.stringify(task)}, want an object { maxSteps? }`);
  }
  for (const field of Object.keys(task).sort()) {
    if (field !== 'maxSteps') throw refuse(`task.${field}`, `task.${field} is unknown, want only maxSteps`);
  }
  const { maxSteps = DEFAULT_MAX_STEPS }: { maxSteps?: unknown } = task;
  const isCount = typeof maxSteps === 'number' && Number.isInteger(maxSteps);
  if (isCount && maxSteps >= 1 && maxSteps <= MAX_MAX_STEPS) return maxSteps;
  throw refuse(
    'task.maxSteps',
    `task.maxSteps is ${JSON.stringify(maxSteps)}, want an integer from 1 to ${MAX_MAX_STEPS}`,
  );
}

function openTriage({ task, seed }: EpisodeOptions): Episode {
  const maxSteps = parseMaxSteps(task);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new EnvironmentError('ENVIRONMENT_SEED', 'seed', `seed is ${seed}, want an integer in [0, 2^32)`);
  }
  const patient = drawPatient(seed);
  const known = new Map<VitalSign, string>();
  let outcome: string | null = null;
  let won = false;
  let steps = 0;

  /** Known findings in the chart's order, however they were asked for. */
  const findings = () =>
    VITAL_SIGNS.flatMap((sign) => (known.has(sign) ? [`${sign}: ${known.get(sign)}`] : []));
  const admissible = () => {
    if (outcome !== null) return [];
    return [...ACTIONS]
      .filter(([, action]) => action.kind === 'declare' || !known.has(action.sign))
      .map(([text]) => text)
      .sort();
  };
  const anchor = () => [`triage`, ...findings(), ...(outcome === null ? [] : [outcome])].join('; ');
  const see = (text: string): Observation => ({ text, admissible: admissible(), anchor: anchor() });
  const describe = () =>
    [
      patient.presentation,
      ...(known.size === 0 ? ['Nothing is measured yet.'] : findings().map((finding) => `${finding}.`)),
      `Your task is to: ${TASK}`,
    ].join(' ');

  const perform = (action: Action): { readonly text: string; readonly reward: number } => {
    if (action.kind === 'measure') {
      known.set(action.sign, vitalSigns[action.sign].write(patient.values[action.sign]));
      return { text: `${action.sign}: ${known.get(action.sign)}.`, reward: MEASUREMENT_REWARD };
    }
    const distance = RESPONSES.indexOf(action.response) - RESPONSES.indexOf(patient.response);
    outcome = `declared ${action.response}`;
    won = distance === 0;
    return {
      text: `You declared ${action.response}; the score calls for ${patient.response}.`,
      reward: DECLARATION_REWARDS[distance] ?? 0,
    };
  };

  return {
    task: TASK,
    observe: () => see(describe()),
    act(action): Step {
      if (outcome !== null) {
        const info = { isValid: false, outcome, won, steps };
        return { ...see('The episode is over.'), reward: 0, done: true, info };
      }
      steps++;
      const wanted = action.length > 200 ? '' : action.trim().toLowerCase().replaceAll(/\s+/g, ' ');
      const found = ACTIONS.get(wanted);
      const isValid = found !== undefined && (found.kind === 'declare' || !known.has(found.sign));
      const result = isValid ? perform(found) : { text: 'Nothing happens.', reward: 0 };
      if (outcome === null && steps >= maxSteps) outcome = 'step limit';
      const done = outcome !== null;
      return { ...see(result.text), reward: result.reward, done, info: { isValid, outcome, won, steps } };
    },
  };
}

/**
 * A patient with hidden vital signs: measure what you need, at a small cost, then declare the response that NEWS2
 * calls for. Task: `{ maxSteps?: 1..100 }`, 12 where absent. Rewards: -0.02 for a measurement; a right declaration 1,
 * one level too urgent 0.3, two 0, one level too mild -0.5, two -1; the step limit ends an episode without one.
 */
export const triage: Environment = { name: 'triage', open: openTriage };
