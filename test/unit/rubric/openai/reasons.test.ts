import { failedGrade, type GraderReason, graderErrors, graderReasons, ungradedBy } from '@residency/rubric';
import { toSampleGrade } from '@residency/service-reward-rubric';
import { expect, test } from 'vitest';

const codes = Object.keys(graderReasons).sort() as GraderReason[];

test('the reasons are a contract', () => {
  expect(codes.map((code) => `${code} ${graderReasons[code].flag} ${graderReasons[code].reward}`)).toEqual([
    'formula_not_finite other_error zero',
    'grader_deadline unresponsive_reward_error none',
    'grader_failed other_error none',
    'item_variable_missing invalid_variable_error none',
    'model_deadline model_grader_server_error none',
    'model_not_allowed model_grader_server_error none',
    'model_not_number model_grader_parse_error zero',
    'model_refusal model_grader_refusal_error zero',
    'model_rejected model_grader_server_error none',
    'model_unavailable model_grader_server_error none',
    'model_unknown_label model_grader_parse_error zero',
    'python_crashed python_grader_server_error none',
    'python_deadline python_grader_server_error none',
    'python_exception python_grader_runtime_error zero',
    'python_not_number python_grader_runtime_error zero',
    'sample_not_json sample_parse_error zero',
    'sample_variable_missing invalid_variable_error zero',
    'text_too_long truncated_observation_error none',
  ]);
});

test('the error fields are those of the specification, all of them always there', () => {
  expect(graderErrors([])).toEqual({
    formula_parse_error: false,
    sample_parse_error: false,
    truncated_observation_error: false,
    unresponsive_reward_error: false,
    invalid_variable_error: false,
    other_error: false,
    python_grader_server_error: false,
    python_grader_server_error_type: null,
    python_grader_runtime_error: false,
    python_grader_runtime_error_details: null,
    model_grader_server_error: false,
    model_grader_refusal_error: false,
    model_grader_parse_error: false,
    model_grader_server_error_details: null,
  });
});

test.each(codes)('%s sets its flag alone, and gives 0 or no reward as its row says', (code) => {
  const grade = failedGrade('g', { code, detail: 'why\nso' });
  const { flag, reward } = graderReasons[code];

  const sample = toSampleGrade(grade);

  const errors = Object.entries(sample.errors ?? {});
  expect(errors.filter(([, value]) => value === true)).toEqual([[flag, true]]);
  expect(ungradedBy(grade)?.code ?? null).toBe(reward === 'none' ? code : null);
  if (sample.graded) expect([sample.total, reward]).toEqual([0, 'zero']);
  else expect([sample.reason, sample.message, reward]).toEqual([code, 'why\nso', 'none']);
  expect(grade.components[0]?.reason).toBe(`${code}: why so`);
});
