import { MAX_PAYLOAD_BYTES, parsePayload, type QueueName, queueNames } from '@residency/protocol';
import { describe, expect, it } from 'vitest';

const policy = { version: 3, sha256: 'a'.repeat(64) };
const unit = { jobId: 'ftjob-1', phase: 'train', step: 3 };
const good: { readonly [Q in QueueName]: Record<string, unknown> } = {
  rollouts: { ...unit, index: 0, item: 5, policy },
  rewards: { ...unit, index: 0, item: 5 },
  steps: { ...unit, groups: 8, policy },
};

describe('queue payloads', () => {
  it('keeps the names of the queues', () => {
    expect(queueNames).toEqual(['rollouts', 'rewards', 'steps']);
  });

  it.each(queueNames)('accepts a payload of %s', (queue) => {
    expect(parsePayload(queue, good[queue])).toEqual(good[queue]);
  });

  it.each([
    ['rollouts', { ...good.rollouts, index: -1 }, 'index'],
    ['rollouts', { ...good.rollouts, policy: { version: 0, sha256: 'short' } }, 'sha256'],
    ['rewards', { ...good.rewards, phase: 'test' }, 'phase'],
    ['rewards', { ...good.rewards, jobId: 'a:b' }, 'jobId'],
    ['steps', { ...good.steps, groups: 0 }, 'groups'],
    ['steps', { ...good.steps, extra: 1 }, 'extra'],
    ['steps', null, 'steps'],
  ] as const)('refuses a bad payload of %s and names the field (%#)', (queue, payload, field) => {
    let message = '';
    try {
      parsePayload(queue, payload);
    } catch (error) {
      message = String(error);
      expect(error).toMatchObject({ code: 'invalid_payload' });
    }
    expect(message).toContain(field);
  });

  it('refuses a payload above 64 KiB whatever it holds', () => {
    const large = { ...good.rewards, jobId: 'x'.repeat(MAX_PAYLOAD_BYTES) };

    expect(() => parsePayload('rewards', large)).toThrow(expect.objectContaining({ code: 'body_too_large' }));
  });
});
