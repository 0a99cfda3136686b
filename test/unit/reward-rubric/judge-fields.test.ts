import { readConfig } from '@residency/service';
import { rewardRubricFields } from '@residency/service-reward-rubric';
import { expect, test } from 'vitest';

const { judgeUrl, judgeModels } = rewardRubricFields;
const read = (env: NodeJS.ProcessEnv) => readConfig({ judgeUrl, judgeModels }, env);

test('no endpoint is the default', () => {
  expect(read({})).toEqual({ judgeUrl: null, judgeModels: [] });
});

test('an endpoint and its models are read', () => {
  const env = { RESIDENCY_JUDGE_URL: 'https://judge.example/v1/', RESIDENCY_JUDGE_MODELS: 'a, b/c:d' };

  expect(read(env)).toEqual({ judgeUrl: 'https://judge.example/v1', judgeModels: ['a', 'b/c:d'] });
});

test.each(['judge', 'file:///etc/passwd', 'https://user:pass@judge.example', 'https://judge.example/?key=1'])(
  'refuses %s without showing it',
  (url) => {
    expect(() => read({ RESIDENCY_JUDGE_URL: url })).toThrow(
      expect.objectContaining({ problems: [expect.not.stringContaining(url)] }),
    );
  },
);

test('refuses a model without a name', () => {
  expect(() => read({ RESIDENCY_JUDGE_MODELS: 'a,,b' })).toThrow('names of models separated by commas');
});
