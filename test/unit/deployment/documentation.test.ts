import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AGGREGATIONS, KL_ESTIMATORS, LOSS_PRESET_NAMES } from '@residency/algorithms';
import { settingDefaults } from '@residency/protocol';
import { describe, expect, test } from 'vitest';
import { root } from './manifests.js';
import { knownEnv, services } from './service-facts.js';

const read = (name: string) => readFileSync(join(root, name), 'utf8');
const readme = read('README.md');
/** Cells of the README's table rows. */
const rows = readme
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')));
const row = (name: string) => rows.find((cells) => cells[1] === name);

describe('README', () => {
  test('lists exactly the variables that services read', () => {
    const listed = rows.map((cells) => cells[1] ?? '').filter((name) => /^(RESIDENCY|REDIS)_/.test(name));

    expect(listed.toSorted()).toEqual([...knownEnv].sort());
  });

  test.each(services.map((service) => [service.name, service] as const))(
    'gives the ports of %s',
    (name, service) => {
      expect(row('RESIDENCY_HTTP_PORT')?.[2]).toContain(`${service.http} ${name}`);
      if (service.grpc !== null) expect(row('RESIDENCY_GRPC_PORT')?.[2]).toContain(`${service.grpc} ${name}`);
    },
  );

  test('says who reads what', () => {
    for (const variable of [
      'RESIDENCY_STORE_DIR',
      'RESIDENCY_MODELS_DIR',
      'REDIS_URL',
      'RESIDENCY_CACHE_DIR',
      'RESIDENCY_MAX_ROWS',
      'RESIDENCY_RECOMPUTE',
      'RESIDENCY_CONCURRENCY',
    ]) {
      const readers = services.filter(({ env }) => env.has(variable)).map(({ name }) => name);
      expect(row(variable)?.[3]?.split(', ').sort()).toEqual([...readers].sort());
    }
  });

  test.each([
    ['group_size', `${settingDefaults.group_size}`],
    ['groups_per_step', `${settingDefaults.groups_per_step}`],
    ['temperature', `${settingDefaults.temperature}`],
    ['max_new_tokens', `${settingDefaults.max_new_tokens}`],
    ['learning_rate', `${settingDefaults.learning_rate}`],
    ['kl_coefficient', `${settingDefaults.kl_coefficient}`],
    ['clip_low, clip_high', `${settingDefaults.clip_low}, ${settingDefaults.clip_high}`],
    ['max_grad_norm', `${settingDefaults.max_grad_norm}`],
    ['weight_decay', `${settingDefaults.weight_decay}`],
    ['top_k, top_p, min_p', `${settingDefaults.top_k}, ${settingDefaults.top_p}, ${settingDefaults.min_p}`],
    ['learning_rate_schedule', settingDefaults.learning_rate_schedule],
    ['warmup_steps', `${settingDefaults.warmup_steps}`],
    ['min_learning_rate_share', `${settingDefaults.min_learning_rate_share}`],
    ['loss', settingDefaults.loss],
    ['kl_estimator', settingDefaults.kl_estimator],
    ['entropy_coefficient', `${settingDefaults.entropy_coefficient}`],
    ['importance_cap', `${settingDefaults.importance_cap}`],
    ['eval_samples', `${settingDefaults.eval_samples}`],
    ['lora.rank, lora.alpha', `${settingDefaults.lora_rank}, ${settingDefaults.lora_alpha}`],
  ])('gives the default of %s', (name, value) => {
    expect(row(name)?.[2]).toBe(value);
  });

  test('names every loss and aggregation', () => {
    const named = (name: string) => row(name)?.slice(2).join(' ') ?? '';

    for (const loss of LOSS_PRESET_NAMES) expect(named('loss')).toContain(loss);
    for (const aggregation of AGGREGATIONS) expect(named('aggregation')).toContain(aggregation);
    for (const estimator of KL_ESTIMATORS) expect(named('kl_estimator')).toContain(estimator);
  });
});

test.each(['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs/environments.md'])(
  '%s links to files that exist',
  (name) => {
    const links = [...read(name).matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1] ?? '');

    for (const link of links.filter((target) => !target.startsWith('https://'))) {
      expect(existsSync(join(root, dirname(name), link))).toBe(true);
    }
  },
);

test('the code that docs/environments.md shows is that of the example', () => {
  const blocks = [...read('docs/environments.md').matchAll(/```python\n([^`]+)```/g)];
  const files = ['server.py', 'titration.py'].map((name) => read(`examples/environment/${name}`));

  expect(blocks.length).toBeGreaterThan(0);
  for (const [, code = ''] of blocks) expect(files.some((file) => file.includes(code))).toBe(true);
});
