import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  EnvironmentError,
  type Episode,
  type ModelledEpisode,
  openVignette,
  openWard,
  type PolicyName,
  policyActions,
  readCases,
  type Vignette,
  WARD_LEVELS,
  wardOf,
  wardPolicies,
  withDrawnOptions,
} from '@residency/environments';
import { choiceFlag, integerFlag, textFlag } from '../arguments.js';
import { CliError, messageOf } from '../errors.js';
import { type Playable, playable } from './playable.js';

// The table is total, so that its keys are exactly the names.
const POLICY_NAMES: readonly PolicyName[] = Object.keys(wardPolicies) as PolicyName[];

const flags = {
  level: choiceFlag(WARD_LEVELS, 'ward'),
  seed: integerFlag(0, 0xffffffff, 1),
  cases: textFlag('a file of cases', ''),
  row: integerFlag(0, 1_000_000, 0),
  options: integerFlag(2, 26, 0),
  'max-steps': integerFlag(1, 10_000, 0),
  policy: choiceFlag(POLICY_NAMES, null),
};

async function readVignettes(path: string): Promise<readonly Vignette[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    throw new CliError('CLI_PLAY', `${path}: cannot be read: ${messageOf(cause)}`, { cause });
  }
  try {
    return readCases(text, basename(path)).cases;
  } catch (cause) {
    if (cause instanceof EnvironmentError) throw new CliError('CLI_PLAY', cause.message, { cause });
    throw cause;
  }
}

const isModelled = (episode: Episode): episode is ModelledEpisode => 'knowledge' in episode;

/** A patient of a level and seed, or a case of a file; played by hand, by a file of commands or by a policy. */
export const wardCase: Playable = playable({
  usage:
    `[--level ${WARD_LEVELS.join('|')} --seed N] [--policy ${POLICY_NAMES.join('|')}] ` +
    '[--cases FILE --row N [--options N --seed N]] [--max-steps N]',
  flags,
  open: async ({
    level,
    seed,
    cases: path,
    row,
    options: count,
    'max-steps': maxSteps,
  }): Promise<Episode> => {
    const limit = maxSteps === 0 ? {} : { maxSteps };
    // The limit is the ward's own, so that a policy knows of it.
    if (path === '') return openWard({ ward: { ...wardOf(level), ...limit }, seed });
    const cases = await readVignettes(path);
    const vignette = count === 0 ? cases[row] : withDrawnOptions({ cases, row, count, seed });
    if (vignette === undefined)
      throw new CliError('CLI_PLAY', `--row is ${row}, want one from 0 to ${cases.length - 1} of ${path}`);
    return openVignette({ vignette, ...limit });
  },
  player: ({ policy, seed }, episode) => {
    if (policy === null) return null;
    if (!isModelled(episode))
      throw new CliError('CLI_USAGE', '--policy is given with --cases, want one of them');
    try {
      const choose = wardPolicies[policy](episode.ward);
      return policyActions(episode, (knowledge) => choose(knowledge, seed));
    } catch (cause) {
      if (cause instanceof EnvironmentError)
        throw new CliError('CLI_PLAY', `--policy ${policy}: ${cause.message}`, { cause });
      throw cause;
    }
  },
});
