import { createChatJudge, type Judge, JudgeError } from '@residency/evaluation';
import { CliError } from '../errors.js';

const DEFAULT_URL = 'https://api.openai.com/v1';

/** Variables of a judge; the second judge has the first one's endpoint, and its key, unless it has its own. */
const VARIABLES = {
  url: 'RESIDENCY_JUDGE_URL',
  key: 'RESIDENCY_JUDGE_API_KEY',
  temperature: 'RESIDENCY_JUDGE_TEMPERATURE',
  secondUrl: 'RESIDENCY_SECOND_JUDGE_URL',
  secondKey: 'RESIDENCY_SECOND_JUDGE_API_KEY',
} as const;

/** Null leaves the temperature to the endpoint. @throws CliError CLI_USAGE */
function temperatureOf(text: string): number | null {
  if (text === '') return 0;
  if (text === 'none') return null;
  const value = Number(text);
  if (/^[0-9]+(\.[0-9]+)?$/.test(text) && value <= 2) return value;
  throw new CliError(
    'CLI_USAGE',
    `${VARIABLES.temperature} is ${JSON.stringify(text)}, want a number from 0 to 2, or none`,
  );
}

/**
 * The judges that are asked for, in their order. Address and key come from the environment alone, so that neither stands
 * in a command line; a key is never sent to an address that it was not given for.
 * @throws CliError CLI_USAGE
 */
export function openJudges(models: readonly (string | null)[], env: NodeJS.ProcessEnv): Judge[] {
  const read = (name: string): string => env[name] ?? '';
  const first = { url: read(VARIABLES.url) || DEFAULT_URL, key: read(VARIABLES.key) || null };
  const secondUrl = read(VARIABLES.secondUrl);
  const secondKey = read(VARIABLES.secondKey) || (secondUrl === '' ? first.key : null);
  const endpoints = [first, { url: secondUrl || first.url, key: secondKey }];
  const temperature = temperatureOf(read(VARIABLES.temperature));
  try {
    return models.flatMap((model, i) => {
      const { url, key } = endpoints[i] ?? first;
      return model === null ? [] : [createChatJudge({ baseUrl: url, model, apiKey: key, temperature })];
    });
  } catch (error) {
    if (!(error instanceof JudgeError)) throw error;
    throw new CliError('CLI_USAGE', `${error.message}; see ${VARIABLES.url} and ${VARIABLES.key}`);
  }
}

/**
 * Asks every judge something once, so that a wrong name, key or address is found before hours of sampling.
 * @throws CliError CLI_EVALUATION
 */
export async function checkJudges(judges: readonly Judge[], signal: AbortSignal): Promise<void> {
  for (const judge of judges) {
    try {
      await judge.complete(
        [{ role: 'user', content: 'Reply with <count>0</count> and nothing else.' }],
        signal,
      );
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof JudgeError)) throw error;
      throw new CliError('CLI_EVALUATION', error.message);
    }
  }
}
