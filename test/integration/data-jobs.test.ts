import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportMerged, readHeader, readTrainedWeights } from '@residency/model';
import type { JobObject } from '@residency/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allEvents,
  call,
  caseRow,
  caseRows,
  createJob,
  grader,
  hasEnded,
  jobRequest,
  jsonl,
  post,
  upload,
  waitForJob,
} from '../support/api.js';
import { MODEL, startPlatform, type TestPlatform } from '../support/platform.js';
import { startRedis, type TestRedis } from '../support/redis.js';
import { temporaryFolder } from '../support/temporary-folder.js';

let redis: TestRedis;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const start = (computesWith: 'hashes' | 'model' = 'model'): Promise<TestPlatform> =>
  startPlatform({ redisUrl: redis.url, prefix: redis.prefix(), computesWith });

const answerOf = (index: number): string =>
  `<dx>fever and cough</dx><conclusion>fever and cough: \\boxed{${String(caseRow(index)['gold'])}}</conclusion>`;

const rowsOf = (count: number, make: (index: number) => unknown): string =>
  jsonl(Array.from({ length: count }, (_, index) => make(index)));

const demonstrations = (count: number): string =>
  rowsOf(count, (index) => {
    const { messages, ...rest } = caseRow(index);
    const answer = { role: 'assistant', content: answerOf(index) };
    return { ...rest, messages: [...(messages as unknown[]), answer] };
  });

const preferences = (count: number): string =>
  rowsOf(count, (index) => {
    const { messages, ...rest } = caseRow(index);
    const output = (content: string) => [{ role: 'assistant', content }];
    return {
      ...rest,
      input: { messages },
      preferred_output: output(answerOf(index)),
      non_preferred_output: output('no idea'),
    };
  });

const learning = { steps: 4, groups_per_step: 3, learning_rate: 0.02 };

async function ended(platform: TestPlatform, request: Parameters<typeof createJob>[1]): Promise<JobObject> {
  const created = await createJob(platform.url, request);
  const job = await waitForJob(platform.url, created.id, hasEnded);
  expect(job.error).toBeNull();
  return job;
}

async function column(platform: TestPlatform, job: JobObject, name: string): Promise<unknown[]> {
  const events = await allEvents(platform.url, job.id);
  return events.filter(({ data }) => typeof data['total_steps'] === 'number').map(({ data }) => data[name]);
}

describe('a job that learns from data', () => {
  it('says demonstrations ever more readily, samples nothing and grades nothing', async () => {
    await using platform = await start();
    const file = await upload(platform.url, demonstrations(3));

    const job = await ended(platform, {
      model: MODEL,
      training_file: file.id,
      method: { type: 'supervised', supervised: { hyperparameters: { batch_size: 3 } } },
      x_residency: learning,
    });

    expect(job).toMatchObject({ status: 'succeeded', x_residency: { before: null, after: null } });
    const losses = (await column(platform, job, 'loss')).map(Number);
    expect(losses).toHaveLength(4);
    // Every step sees the same three rows.
    for (const [step, loss] of losses.entries())
      if (step > 0) expect(loss).toBeLessThan(losses[step - 1] ?? 0);
    expect(await column(platform, job, 'train_mean_reward')).toEqual([null, null, null, null]);
    const events = await allEvents(platform.url, job.id);
    expect(events.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^Step 4\/4: loss \d+\.\d{4}$/),
    );
    expect(job.x_residency.settings).toMatchObject({ loss: 'supervised', group_size: null, clip_low: null });
  });

  it('comes to prefer what is preferred', async () => {
    await using platform = await start();
    const file = await upload(platform.url, preferences(3));

    const job = await ended(platform, {
      model: MODEL,
      training_file: file.id,
      method: { type: 'dpo', dpo: { hyperparameters: { beta: 0.3 } } },
      x_residency: learning,
    });

    // Before its first step a policy is its own reference.
    const losses = (await column(platform, job, 'loss')).map(Number);
    expect(losses[0]).toBeCloseTo(Math.LN2, 5);
    expect(losses[3]).toBeLessThan(losses[0] ?? 0);
    const margins = (await column(platform, job, 'preference_margin')).map(Number);
    expect(margins[0]).toBeCloseTo(0, 5);
    expect(margins[3]).toBeGreaterThan(0);
    expect((await column(platform, job, 'preference_accuracy')).at(-1)).toBe(1);
    expect(job.x_residency.settings).toMatchObject({ loss: 'dpo', dpo_beta: 0.3 });
  });

  it('measures the loss of its validation rows as they stand, and keeps the version of the least', async () => {
    await using platform = await start();
    const file = await upload(platform.url, demonstrations(3));

    const job = await ended(platform, {
      model: MODEL,
      training_file: file.id,
      validation_file: file.id,
      method: { type: 'supervised' },
      x_residency: { ...learning, learning_rate_schedule: 'linear', eval_interval: 2 },
    });

    const { before, after, best, settings } = job.x_residency;
    // Every step sees the same three rows, and reports their loss before it is taken.
    const losses = (await column(platform, job, 'loss')).map(Number);
    expect(before?.loss).toBeCloseTo(losses[0] ?? Number.NaN, 6);
    expect(before).toMatchObject({ cases: 3, samples_per_case: 0, accuracy: null, mean_reward: null });
    const events = await allEvents(platform.url, job.id);
    const between = events.find(({ data }) => data['phase'] === 'during');
    expect(between?.data['loss']).toBeCloseTo(losses[2] ?? Number.NaN, 6);
    expect(between?.message).toMatch(/^Evaluation after step 2: loss \d+\.\d{4}$/);
    expect(after?.loss).toBeLessThan(losses[3] ?? 0);
    expect(best).toMatchObject({ policy_version: 4, loss: after?.loss });
    expect(settings).toMatchObject({ eval_interval: 2, eval_samples: 0, temperature: null });
  });

  it('measures how far held-out preferences are kept', async () => {
    await using platform = await start();
    const [file, held] = [
      await upload(platform.url, preferences(3)),
      await upload(platform.url, preferences(4)),
    ];

    const job = await ended(platform, {
      model: MODEL,
      training_file: file.id,
      validation_file: held.id,
      method: { type: 'dpo' },
      x_residency: learning,
    });

    const { before, after } = job.x_residency;
    expect(before).toMatchObject({ cases: 4, preference_margin: 0 });
    expect(before?.loss).toBeCloseTo(Math.LN2, 5);
    expect(after?.loss).toBeLessThan(before?.loss ?? 0);
    expect(after?.preference_accuracy).toBe(1);
  });

  it('is evaluated where it has a grader', async () => {
    await using platform = await start('hashes');
    const file = await upload(platform.url, demonstrations(3));

    const job = await ended(platform, {
      model: MODEL,
      training_file: file.id,
      method: { type: 'supervised' },
      x_residency: { steps: 1, grader, max_new_tokens: 8, eval_samples: 2 },
    });

    expect(job.x_residency.before).toMatchObject({ cases: 3, samples_per_case: 2 });
    expect(job.x_residency.after).toMatchObject({ policy_version: 1 });
  });
});

describe('a job that trains all weights', () => {
  it('leaves a model that export writes as a folder, and from which another job goes on', async () => {
    await using platform = await start();
    const file = await upload(platform.url, demonstrations(3));
    const whole = { ...learning, steps: 2, trains: 'full' } as const;
    const request = {
      model: MODEL,
      training_file: file.id,
      method: { type: 'supervised' },
      x_residency: whole,
    } as const;

    const job = await ended(platform, request);

    expect(job.x_residency.settings).toMatchObject({ trains: 'full', lora: null });
    const losses = (await column(platform, job, 'loss')).map(Number);
    expect(losses[1]).toBeLessThan(losses[0] ?? 0);
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'trained.safetensors');
    const answer = await fetch(`${platform.url}/v1/artifacts/${job.x_residency.adapter_sha256}`);
    await writeFile(path, Buffer.from(await answer.arrayBuffer()));
    const { entries } = await readHeader(path);
    const trained = await readTrainedWeights(path);
    expect([...(trained?.weights.keys() ?? [])]).toEqual([...entries.keys()]);
    const outDir = join(folder.path, 'model');
    const baseDir = join(platform.modelsDir, MODEL);
    if (trained === null) throw new Error('all weights were trained');
    await exportMerged({ baseDir, adapter: trained, outDir, dtype: 'F32' });
    const [own, base] = await Promise.all(
      [outDir, baseDir].map(async (dir) => (await readHeader(join(dir, 'model.safetensors'))).entries),
    );
    const shapes = (all: typeof own) =>
      [...(all?.values() ?? [])].map(({ name, shape }) => `${name} ${shape}`).sort();
    expect(shapes(own)).toEqual(shapes(base));
    const bytes = await readFile(join(outDir, 'model.safetensors'));
    const given = await readFile(path);
    for (const [name, { offset, bytes: length }] of entries) {
      const at = own?.get(name)?.offset ?? 0;
      expect(bytes.subarray(at, at + length).equals(given.subarray(offset, offset + length))).toBe(true);
    }
    const next = await ended(
      platform,
      jobRequest(
        (await upload(platform.url, caseRows(3))).id,
        { steps: 1, eval_samples: 0 },
        { model: String(job.fine_tuned_model) },
      ),
    );
    expect(next.x_residency.settings).toMatchObject({ trains: 'full' });
    const lora = {
      ...request,
      model: String(job.fine_tuned_model),
      x_residency: { ...learning, trains: 'lora' },
    };
    const { body } = await post(`${platform.url}/v1/fine_tuning/jobs`, lora);
    expect(JSON.stringify(body)).toContain('x_residency.trains: found lora, wanted full');
  });
});

describe('a job that goes on from another', () => {
  it('begins with its adapter, and keeps to it where there is a penalty', async () => {
    await using platform = await start();
    const demonstrated = await ended(platform, {
      model: MODEL,
      training_file: (await upload(platform.url, demonstrations(3))).id,
      method: { type: 'supervised' },
      x_residency: { ...learning, lora: { rank: 4, alpha: 8 } },
    });
    const from = String(demonstrated.fine_tuned_model);
    const training = (await upload(platform.url, caseRows(3))).id;

    const job = await ended(
      platform,
      jobRequest(training, { steps: 1, eval_samples: 0, kl_coefficient: 0.1 }, { model: from }),
    );

    expect(job).toMatchObject({ model: from, x_residency: { settings: { lora: { rank: 4, alpha: 8 } } } });
    // Its first step starts where its reference is.
    expect(Number((await column(platform, job, 'kl'))[0])).toBeCloseTo(0, 6);
    const early = `${from}:ckpt-step-2`;
    const other = await ended(
      platform,
      jobRequest(training, { steps: 1, eval_samples: 0 }, { model: early }),
    );
    expect(other.x_residency.adapter_sha256).not.toBe(job.x_residency.adapter_sha256);
    const again = jobRequest(training, { steps: 1, eval_samples: 0, kl_coefficient: 0.1 }, { model: from });
    expect((await ended(platform, again)).x_residency.adapter_sha256).toBe(job.x_residency.adapter_sha256);
  });

  it('is refused where there is nothing to go on from', async () => {
    await using platform = await start('hashes');
    const training = (await upload(platform.url, caseRows(3))).id;
    const refusal = async (model: string, settings = {}) => {
      const answer = await post(
        `${platform.url}/v1/fine_tuning/jobs`,
        jobRequest(training, settings, { model }),
      );
      return [answer.status, JSON.stringify(answer.body)] as const;
    };
    const [status, body] = await refusal(`ft:tiny:residency::ftjob-${'0'.repeat(24)}`);
    expect(status).toBe(404);
    expect(body).toContain('wanted the fine_tuned_model of a job');
    expect((await refusal('ft:tiny'))[0]).toBe(404);
    const parent = await ended(platform, jobRequest(training));
    const name = String(parent.fine_tuned_model);
    expect((await refusal(`${name}:ckpt-step-3`))[1]).toContain(`wanted a step that ${parent.id} has taken`);
    expect((await refusal(name, { lora: { rank: 2 } }))[1]).toContain('x_residency.lora: found rank 2');
  });
});

describe('requests of these methods', () => {
  it('are refused where a part does not go with the others', async () => {
    await using platform = await start('hashes');
    const file = (await upload(platform.url, demonstrations(2))).id;
    const cases = (await upload(platform.url, caseRows(2))).id;
    const base = { model: MODEL, training_file: file };
    const refused: readonly (readonly [object, string])[] = [
      [{ ...base, method: { type: 'reinforcement' } }, 'method.reinforcement: found nothing'],
      [{ ...base, method: { type: 'supervised', dpo: {} } }, 'method.dpo: found it with type supervised'],
      [{ ...base, method: { type: 'distil' } }, 'method.type: found \\"distil\\"'],
      [
        { ...base, method: { type: 'supervised' }, x_residency: { clip_low: 0.1 } },
        'x_residency.clip_low: found 0.1 with type supervised',
      ],
      [
        { ...base, method: { type: 'supervised' }, x_residency: { eval_samples: 2 } },
        'x_residency.eval_samples: found 2 without a grader',
      ],
      [
        { ...base, method: { type: 'supervised' }, x_residency: { grader: { ...grader, k: -1 } } },
        'grader.k is -1',
      ],
      [{ ...base, method: { type: 'dpo' } }, 'training_file line 1: input: found nothing'],
      [
        { ...base, training_file: cases, method: { type: 'supervised' } },
        'training_file line 1: messages: found a last message of \\"user\\"',
      ],
      [
        { ...base, method: { type: 'reinforcement', reinforcement: { grader } } },
        'training_file line 1: messages: found a last message of \\"assistant\\"',
      ],
    ];
    for (const [request, message] of refused) {
      const { status, body } = await post(`${platform.url}/v1/fine_tuning/jobs`, request);
      expect([status, JSON.stringify(body)]).toEqual([400, expect.stringContaining(message)]);
    }
    const { body } = await call<{ data: unknown[] }>(`${platform.url}/v1/fine_tuning/jobs`);
    expect(body.data).toEqual([]);
  });
});

describe('a job that is evaluated on its way', () => {
  it('names the version that its evaluations found best, the earlier of equals', async () => {
    await using platform = await start('hashes');
    const file = (await upload(platform.url, caseRows(4))).id;

    const job = await ended(platform, jobRequest(file, { steps: 5, eval_interval: 2, eval_samples: 3 }));

    const events = await allEvents(platform.url, job.id);
    const evaluations = events.flatMap(({ data }) => (typeof data['cases'] === 'number' ? [data] : []));
    expect(evaluations.map((data) => data['policy_version'])).toEqual([0, 2, 4, 5]);
    const [, ...trained] = evaluations;
    const most = Math.max(...trained.map((data) => Number(data['accuracy'])));
    const best = trained.find((data) => data['accuracy'] === most);
    expect(job.x_residency.best).toMatchObject({ policy_version: best?.['policy_version'], accuracy: most });
    const version = Number(best?.['policy_version']);
    const suffix = version === 5 ? '' : `:ckpt-step-${version}`;
    expect(job.fine_tuned_model).toBe(`ft:tiny:residency::${job.id}${suffix}`);
    expect(job.x_residency.settings).toMatchObject({ eval_interval: 2 });
    expect(job.x_residency.progress).toEqual({ phase: 'done', step: 5, total_steps: 5 });
    // What it names is where another job begins.
    const next = await ended(
      platform,
      jobRequest(file, { steps: 1, eval_samples: 0 }, { model: String(job.fine_tuned_model) }),
    );
    expect(next.x_residency.policy_version).toBe(1);
  });
});

describe('a job with decoupled objectives', () => {
  it('normalises each part of the rewards for itself, and says what they differ by', async () => {
    await using platform = await start('hashes');
    const file = (await upload(platform.url, caseRows(5))).id;
    const settings = {
      steps: 2,
      eval_samples: 0,
      advantage: 'decoupled',
      std_floor: 0.2,
      objective_weights: { accuracy: 2, clinical_reasoning: 0, loophole_no_choice: -0.5 },
    } as const;

    const job = await ended(platform, jobRequest(file, settings));

    const events = await allEvents(platform.url, job.id);
    const steps = events.flatMap(({ data }) => (typeof data['total_steps'] === 'number' ? [data] : []));
    const weights = { accuracy: 2, consistency: 1, loophole_no_choice: -0.5 };
    for (const data of steps) {
      const text = await (
        await fetch(`${platform.url}/v1/artifacts/${String(data['ledger_sha256'])}`)
      ).text();
      for (const line of text.trim().split('\n')) {
        const { grades, advantages } = JSON.parse(line) as {
          grades: { components: { name: string; value: number }[] }[];
          advantages: { advantages: number[] };
        };
        // Worked out here once more: (value - mean) / (max(std, floor) + 1e-6), times the weight, summed.
        const want = grades.map(() => 0);
        for (const [name, weight] of Object.entries(weights)) {
          const values = grades.map(({ components }) => components.find((c) => c.name === name)?.value ?? 0);
          const mean = values.reduce((a, b) => a + b, 0) / values.length;
          const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1));
          if (std < 1e-6) continue;
          for (const [i, value] of values.entries())
            want[i] = (want[i] ?? 0) + (weight * (value - mean)) / (Math.max(std, 0.2) + 1e-6);
        }
        for (const [i, value] of want.entries()) expect(advantages.advantages[i]).toBeCloseTo(value, 9);
      }
      const diagnosis = data['diagnosis'] as Record<string, unknown>;
      expect(Object.keys(diagnosis).sort()).toEqual(['dead_groups', 'length_correlation', 'variance_shares']);
      const shares = Object.values((diagnosis['variance_shares'] ?? {}) as Record<string, number>);
      expect(shares.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 9);
    }
    expect(steps).toHaveLength(2);
    expect(job.x_residency.settings).toMatchObject({ advantage: 'decoupled', std_floor: 0.2 });
  });

  it('is refused where the estimator does not read a setting', async () => {
    await using platform = await start('hashes');
    const file = (await upload(platform.url, caseRows(2))).id;
    const { status, body } = await post(
      `${platform.url}/v1/fine_tuning/jobs`,
      jobRequest(file, { advantage: 'rloo', std_floor: 0.1 }),
    );
    expect([status, JSON.stringify(body)]).toEqual([
      400,
      expect.stringContaining('x_residency.std_floor: found 0.1 with advantage rloo, wanted decoupled'),
    ]);
  });
});
