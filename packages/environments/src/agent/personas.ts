/** How a prompt speaks of an environment. */
export interface Persona {
  /** Who the policy is. */
  readonly role: string;
  /** What its actions are for. */
  readonly aim: string;
}

const USUAL: Persona = {
  role: 'You are an expert agent in a text environment.',
  aim: 'brings the task forward',
};

const PERSONAS: Readonly<Record<string, Persona>> = {
  household: {
    role: 'You are an expert agent in rooms where things are found, changed and brought to their place.',
    aim: 'brings the task forward',
  },
  shop: {
    role: 'You are an expert agent who shops online for what others ask for.',
    aim: 'comes closest to what is asked for',
  },
  triage: { role: 'You are a nurse at the front desk.', aim: 'tells what the task asks for' },
  ward: {
    role: 'You are a physician who finds out what a patient has: ask, examine and test, then diagnose.',
    aim: 'tells most for its cost and does no harm',
  },
};

/** The persona of an environment; one that is not ours has the usual one. */
export const personaOf = (environment: string): Persona =>
  (Object.hasOwn(PERSONAS, environment) ? PERSONAS[environment] : undefined) ?? USUAL;
