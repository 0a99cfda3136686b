import { componentWeights, createGrader, createHostedGrader, type GraderHost } from '@residency/rubric';
import { expect, test } from 'vitest';

const crpo = { type: 'crpo', name: 'clinical', profile: 'crpo-paper' };
const texts = { input: '{{sample.output_text}}', reference: 'C' };
const check = { type: 'string_check', name: 'same', ...texts, operation: 'eq' };
const similar = { type: 'text_similarity', name: 'near', ...texts, evaluation_metric: 'bleu' };
const messages = [{ role: 'user', content: 'Is it right?' }];
const scored = { type: 'score_model', name: 'judge', model: 'm', input: messages, pass_threshold: 0.5 };
const item = { gold: 'C' };

const reported = (components: readonly { readonly name: string; readonly weight: number }[]) =>
  Object.fromEntries(components.map(({ name, weight }) => [name, weight]));

test.each([
  [crpo],
  [{ ...crpo, k: 0, consistency_weight: 0, loopholes: 'off' }],
  [{ ...crpo, veto: ['no_choice'], safety: { cap: 0 } }],
  [{ ...crpo, profile: 'grpo-released' }],
  [check],
  [similar],
  [{ ...similar, pass_threshold: 0.5 }],
  [{ type: 'multi', name: 'all', graders: { a: crpo, b: similar }, calculate_output: 'a + b' }],
  [{ type: 'multi', name: 'all', graders: [{ ...similar, pass_threshold: 0.2 }], calculate_output: 'near' }],
])('are those that a grade has: %j', (spec) => {
  const { components } = createGrader(spec).grade({ item, completion: 'C' });

  expect(Object.fromEntries(componentWeights(spec))).toEqual(reported(components));
});

test('are those of graders that ask a model', async () => {
  const body = JSON.stringify({ choices: [{ message: { content: '{"steps":[],"result":1}' } }] });
  const host: GraderHost = {
    text: () => Promise.reject(new Error('not asked')),
    chat: () => Promise.resolve({ ok: true, body }),
    python: () => Promise.reject(new Error('not asked')),
  };
  const { components } = await createHostedGrader(scored).grade({ item, completion: 'C' }, host);

  expect(Object.fromEntries(componentWeights(scored))).toEqual(reported(components));
});

test('name what a verifier adds', () => {
  expect([...componentWeights({ ...crpo, loopholes: 'off', verifier: 'bedside' })]).toEqual([
    ['accuracy', 10],
    ['clinical_reasoning', 1],
    ['consistency', 0.5],
    ['faithfulness', 0],
    ['comprehensiveness', 0],
  ]);
});
