import { type AgentView, agentPrompt, agentReply, type PromptStyle, taskIn } from '@residency/environments';
import { describe, expect, it } from 'vitest';

const first: AgentView = {
  environment: 'household',
  task: 'bring a mug to a shelf.',
  past: [],
  observation: 'You stand in the corridor.\n\nYour task is to: bring a mug to a shelf.',
  admissible: ['go to bed 1', 'go to shelf 1', 'help'],
};
const later: AgentView = {
  ...first,
  past: ['one', 'two', 'three'].map((word) => ({ observation: `saw ${word}`, action: `do ${word}` })),
  observation: 'At the bed 1 there is a mug 1.',
};

describe('a published prompt', () => {
  const settings = { style: 'published', history: 2 } as const;

  it('first tells what is seen, the task in it, and what can be done, but for asking for help', () => {
    expect(agentPrompt(first, settings)).toBe(
      [
        'You are an expert agent in rooms where things are found, changed and brought to their place. ' +
          'Your current observation is: You stand in the corridor.',
        '',
        'Your task is to: bring a mug to a shelf.',
        "What you can do now: ['go to bed 1'",
        " 'go to shelf 1'].",
        'It is your turn. Reason step by step within <think> </think> about which action brings the task forward, ' +
          'then give the one that you choose within <action> </action>.',
      ].join('\n'),
    );
  });

  it('then tells the task, the number of steps, the last ones by their numbers, and what is seen now', () => {
    expect(agentPrompt(later, settings).split('\n').slice(0, 5)).toEqual([
      'You are an expert agent in rooms where things are found, changed and brought to their place. ' +
        'Your task is to: bring a mug to a shelf.',
      'You have already taken 3 step(s). The most recent are:',
      "[Observation 2: 'saw two', Action 2: 'do two']",
      "[Observation 3: 'saw three', Action 3: 'do three']",
      'You are now at step 4 and your current observation is: At the bed 1 there is a mug 1.',
    ]);
    expect(agentPrompt(later, { ...settings, history: 0 })).not.toContain('saw three');
  });

  it('of more than 13,000 characters leaves the past out', () => {
    const long = { ...later, past: [{ observation: 'x'.repeat(13_000), action: 'wait' }] };

    expect(agentPrompt(long, settings)).not.toContain('xxx');
    expect(agentPrompt(long, settings)).toContain('You have already taken 1 step(s).');
  });

  it.each(['shop', 'ward', 'triage', 'moonbase'])('speaks of %s in words of its own', (environment) => {
    expect(agentPrompt({ ...first, environment }, settings)).not.toBe(agentPrompt(first, settings));
  });
});

describe('a brief prompt', () => {
  it('says the same in a few words', () => {
    expect(agentPrompt(later, { style: 'brief', history: 1 })).toBe(
      [
        'task: bring a mug to a shelf.',
        'saw: saw three',
        'did: do three',
        'see: At the bed 1 there is a mug 1.',
        'can: go to bed 1; go to shelf 1',
      ].join('\n'),
    );
    expect(agentPrompt(first, { style: 'brief', history: 1 })).toContain(
      '\nsee: You stand in the corridor.\ncan:',
    );
  });
});

it('an answer in a conversation says what is seen and what can be done', () => {
  expect(agentReply(later, 'published')).toBe(
    "Your current observation is: At the bed 1 there is a mug 1.\nWhat you can do now: ['go to bed 1'\n 'go to shelf 1'].",
  );
  expect(agentReply(later, 'brief')).toBe(
    'see: At the bed 1 there is a mug 1.\ncan: go to bed 1; go to shelf 1',
  );
});

it.each<PromptStyle>(['published', 'brief'])(
  '%s: a history of more steps than there were is all of them',
  (style) => {
    expect(agentPrompt(later, { style, history: 64 })).toBe(agentPrompt(later, { style, history: 3 }));
  },
);

it.each([
  ['You stand. Your task is to: wash a cup.', 'wash a cup.'],
  ['WebShop [SEP] Instruction: [SEP] i need a thermometer [SEP] Search', 'i need a thermometer'],
  ['A dose that is too low. Aim for 60 to 80.', 'A dose that is too low. Aim for 60 to 80.'],
])('the task in %j is %j', (observation, task) => {
  expect(taskIn(observation)).toBe(task);
});
