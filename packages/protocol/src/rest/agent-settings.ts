import { ResidencyError } from '../errors.js';
import type { AdvantageSettings, AgentSettings, RunEstimator } from '../job-spec.js';
import type { AgentRequest } from './create-job.js';
import { settingDefaults } from './setting-defaults.js';

type ReadSetting = 'gamma' | 'omega' | 'normalisation' | 'similarity';

/** Estimators that read a setting; those that are not named here are read by all. */
export const AGENT_READERS: Readonly<Record<ReadSetting, readonly RunEstimator[]>> = {
  gamma: ['gigpo', 'hgpo'],
  omega: ['gigpo'],
  normalisation: ['gigpo', 'hgpo'],
  similarity: ['gigpo'],
};

/**
 * How a run plays and weighs episodes, every default filled in.
 * @throws ResidencyError `invalid_request` naming a setting that the estimator does not read
 */
export function resolveAgent(request: AgentRequest, advantage: AdvantageSettings | null): AgentSettings {
  const estimator = advantage?.estimator ?? settingDefaults.agent_advantage;
  for (const [name, readers] of Object.entries(AGENT_READERS)) {
    const found = request[name as ReadSetting]; // the keys of the table
    if (found === undefined || readers.some((reader) => reader === estimator)) continue;
    const param = `method.agent.${name}`;
    throw new ResidencyError(
      'invalid_request',
      `${param}: found ${JSON.stringify(found)} with advantage ${estimator}, wanted ${readers.join(' or ')}`,
      { param },
    );
  }
  const preset = settingDefaults;
  if (request.form === 'conversation' && request.history !== undefined && estimator !== 'hgpo') {
    throw new ResidencyError(
      'invalid_request',
      'method.agent.history: found it with form conversation, which tells all that was said',
      { param: 'method.agent.history' },
    );
  }
  return {
    environment: request.environment,
    form: request.form ?? preset.form,
    promptStyle: request.prompt_style ?? preset.prompt_style,
    history: request.history ?? preset.history,
    maxTurns: request.max_turns ?? preset.max_turns,
    gamma: request.gamma ?? preset.gamma,
    omega: request.omega ?? preset.omega,
    invalidPenalty: request.invalid_penalty ?? preset.invalid_penalty,
    normalisation: request.normalisation ?? preset.normalisation,
    ...(request.similarity !== undefined && { similarity: request.similarity }),
  };
}
