import { ResidencyError } from '../errors.js';
import type { JobSpec } from '../job-spec.js';
import { chosen, type MethodSettings } from './method-settings.js';
import type { ResidencyRequest } from './residency-request.js';
import { settingDefaults } from './setting-defaults.js';

/**
 * When a run of so many steps is evaluated, and by how many samples or by the loss of its validation rows, where there is no
 * grader; an interval is absent where it says what its absence says.
 * @throws ResidencyError `invalid_request` naming an interval of evaluations that are left out
 */
export function resolveEvaluation(
  own: ResidencyRequest,
  { method, grader, agent, hyperparameters: openai }: MethodSettings,
  { steps, validation }: Pick<JobSpec, 'steps' | 'validation'>,
): Pick<JobSpec, 'evalSamples' | 'evaluates' | 'evalInterval'> {
  const evalSamples = own.eval_samples ?? chosen(openai.eval_samples) ?? settingDefaults.eval_samples;
  const interval = own.eval_interval ?? chosen(openai.eval_interval);
  if (evalSamples === 0 && interval !== undefined) {
    const at = own.eval_interval === undefined ? `method.${method}.hyperparameters` : 'x_residency';
    const param = `${at}.eval_interval`;
    throw new ResidencyError(
      'invalid_request',
      `${param}: found ${interval} with eval_samples 0, wanted eval_samples of at least 1`,
      { param },
    );
  }
  const isSampled = grader !== null || agent !== null;
  return {
    evalSamples: isSampled ? evalSamples : 0,
    ...(!isSampled && validation !== null && { evaluates: 'loss' }),
    ...(interval !== undefined && interval < steps && { evalInterval: interval }),
  };
}
