import { projectAction } from '@residency/environments';
import { describe, expect, it } from 'vitest';
import {
  PRACTISED_TASKS,
  type TraceQuality,
  traceAt,
} from '../../../packages/cli/src/pretrain/agent-traces.js';

const advice: TraceQuality = { careful: 0.2, random: [0, 0.8], learns: 'advice' };
const careful: TraceQuality = { careful: 1, random: [0, 0], learns: 'behaviour' };
const wild: TraceQuality = { careful: 0, random: [1, 1], learns: 'behaviour' };
const traces = (quality: TraceQuality, count = 60) =>
  Array.from({ length: count }, (_, index) => traceAt(quality, 7, index));

describe('traces of agents', () => {
  it('are the same for the same seed and index, others for others', () => {
    expect(traces(advice)).toEqual(traces(advice));
    expect(new Set(traces(advice).map(({ prompt }) => prompt)).size).toBeGreaterThan(50);
    expect(traceAt(advice, 8, 0)).not.toEqual(traceAt(advice, 7, 0));
  });

  it('answer with an action that their prompt offers, in the form that is asked for', () => {
    for (const quality of [advice, careful, wild])
      for (const { prompt, response } of traces(quality)) {
        const { action, isValid } = projectAction(response, 'ward');
        expect(isValid).toBe(true);
        expect(prompt.split('\ncan: ')[1]?.split('; ')).toContain(action);
      }
  });

  it('take turns over the tasks, and begin, go on and end episodes', () => {
    const all = traces(careful, 90);
    expect(PRACTISED_TASKS).toHaveLength(3);
    expect(all.filter(({ prompt }) => prompt.startsWith('task: find the diagnosis'))).toHaveLength(30);
    const past = new Set(all.map(({ prompt }) => prompt.match(/^did: /gm)?.length ?? 0));
    expect([...past].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  it('learn the advice in the situations that wild behaviour leads to, or the behaviour itself', () => {
    const advised = traces({ ...wild, learns: 'advice' }, 90);
    const behaved = traces(wild, 90);
    expect(advised.map(({ prompt }) => prompt)).toEqual(behaved.map(({ prompt }) => prompt));
    const differ = advised.filter(({ response }, at) => response !== behaved[at]?.response).length;
    expect(differ).toBeGreaterThan(30);
  });
});
