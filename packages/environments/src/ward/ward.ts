import type { Environment, Episode, EpisodeOptions } from '../environment.js';
import { EnvironmentError } from '../errors.js';
import { checkSeed } from './draw-patient.js';
import { wardOf } from './levels.js';
import { openWard } from './play-ward.js';
import { shown } from './shown.js';
import { parseVignette } from './vignette/parse-vignette.js';
import { openVignette } from './vignette/play-vignette.js';

const DEFAULT_LEVEL = 'ward';
const MAX_MAX_STEPS = 10_000;

const FIELDS: ReadonlySet<string> = new Set(['case', 'level', 'maxSteps']);

function openTask({ task, seed }: EpisodeOptions): Episode {
  const refuse = (param: string, message: string) => new EnvironmentError('ENVIRONMENT_TASK', param, message);
  const given = task ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    throw refuse('task', `ward task is ${shown(given)}, want an object { level?, case?, maxSteps? }`);
  const fields: Readonly<Record<string, unknown>> = { ...given };
  for (const field of Object.keys(fields).sort()) {
    if (!FIELDS.has(field))
      throw refuse(`task.${field}`, `task.${field} is unknown, want only case, level, maxSteps`);
  }
  const { case: vignette, level, maxSteps } = fields;
  const isCount = typeof maxSteps === 'number' && Number.isInteger(maxSteps);
  if (maxSteps !== undefined && !(isCount && maxSteps >= 1 && maxSteps <= MAX_MAX_STEPS))
    throw refuse(
      'task.maxSteps',
      `task.maxSteps is ${shown(maxSteps)}, want an integer from 1 to ${MAX_MAX_STEPS}`,
    );
  const limit = isCount ? { maxSteps } : {};
  checkSeed(seed);
  if (vignette === undefined) return openWard({ ward: wardOf(level ?? DEFAULT_LEVEL), seed, ...limit });
  if (level !== undefined) throw refuse('task.level', 'task.level is given with task.case, want one of them');
  return openVignette({ vignette: parseVignette(vignette), ...limit });
}

/**
 * A patient who hides what they have: ask, examine and order tests, each at a cost, then commit to a diagnosis and an
 * urgency. Task: `{ level?: 'bay' | 'ward' | 'hospital', maxSteps? }`, whose patient the seed decides, 'ward' where
 * absent; or `{ case, maxSteps? }` with a case from a file (`Vignette`). Rewards by the rules of `rules`, of which 1
 * is the most; the last step's info has every part of them. A teaching model, not medical advice.
 */
export const ward: Environment = { name: 'ward', open: openTask };
