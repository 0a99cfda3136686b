import { type CreateJobRequest, resolveJobSpec } from '@residency/protocol';
import type { JobRecord } from '@residency/storage';
import { describe, expect, it } from 'vitest';
import { settingsOf } from '../../../services/gateway/src/job-settings.js';

const training = { fileId: 'file-1', sha256: 'a'.repeat(64), rows: 20 };

function settings(change: Pick<CreateJobRequest, 'method' | 'x_residency'>): Record<string, unknown> {
  const request: CreateJobRequest = { model: 'tiny', training_file: 'file-1', ...change };
  const start = { model: 'tiny', parent: null };
  const spec = resolveJobSpec(request, { training, validation: null, start });
  // What settings are read from; the rest of a record says nothing of them.
  return settingsOf({ request, spec } as JobRecord);
}

/** Settings that a job shows as numbers or names, which say that something reads them. */
const shown = (given: Record<string, unknown>): string[] =>
  Object.keys(given).filter((name) => given[name] !== null);

const LEARNING = [
  ...['groups_per_step', 'steps', 'learning_rate', 'learning_rate_schedule', 'warmup_steps'],
  ...['min_learning_rate_share', 'loss', 'max_grad_norm', 'weight_decay', 'eval_samples', 'trains', 'lora'],
];
const SAMPLING = ['temperature', 'top_k', 'top_p', 'min_p', 'max_new_tokens'];
const grader = { type: 'string_check', name: 'x' };

describe('the settings that a job shows', () => {
  it.each([
    ['dpo', {}, [...LEARNING, 'dpo_beta']],
    ['supervised', {}, [...LEARNING, 'aggregation']],
    ['dpo', { grader }, [...LEARNING, 'dpo_beta', ...SAMPLING, 'eval_interval']],
    ['supervised', { grader }, [...LEARNING, 'aggregation', ...SAMPLING, 'eval_interval']],
    ['supervised', { grader, eval_samples: 0 }, [...LEARNING, 'aggregation']],
  ] as const)('are those that it reads: %s %j', (type, x_residency, names) => {
    expect(shown(settings({ method: { type }, x_residency })).sort()).toEqual([...names].sort());
  });

  it('are those of its loss where it learns from its own samples', () => {
    const method = { type: 'reinforcement', reinforcement: { grader } } as const;

    expect(shown(settings({ method })).sort()).toEqual(
      [
        ...[...LEARNING, ...SAMPLING, 'eval_interval', 'group_size', 'advantage', 'aggregation'],
        ...['kl_coefficient', 'entropy_coefficient', 'clip_low', 'clip_high'],
      ].sort(),
    );
    expect(settings({ method, x_residency: { loss: 'grpo' } })).toMatchObject({
      kl_coefficient: 0.04,
      kl_estimator: 'k3',
    });
  });
});
