import { AlgorithmError } from '@residency/algorithms';
import { CliError } from '../errors.js';
import { choiceOf, type Field, objectOf, optional, type RowOptions } from './row-fields.js';
import {
  gigpoDuplicates,
  gigpoSteps,
  groupSteps,
  hgpoSteps,
  reinforceBaselineSteps,
  reinforceSteps,
} from './step-rows.js';
import { gaeTokens, policyLossTokens, remaxTokens, similarityCases } from './token-rows.js';

/** What a row holds: the kinds of the published vectors, and `remax`, of which there are none. */
export type RowKind =
  | 'advantage'
  | 'advantage_duplicates'
  | 'difflib_ratio'
  | 'policy_loss'
  | 'gae'
  | 'remax';

/** The fields that an estimator adds to a row. */
type RowRule = (row: Field, options: RowOptions) => Readonly<Record<string, unknown>>;

/** By the kinds of row that it reads. */
export type RowEstimator = { readonly [K in RowKind]?: RowRule };

/** A field that only rows of one kind have, for rows that do not name theirs. */
const MARKS: { readonly [K in RowKind]: string } = {
  advantage: 'steps',
  advantage_duplicates: 'stepReturn',
  difflib_ratio: 'cases',
  policy_loss: 'log_prob',
  gae: 'values',
  remax: 'baselines',
};

/** Advantages of the steps of a row. */
type StepRule = (row: Field, options: RowOptions) => unknown;

/** An estimator whose result stands beside those of others in `otherEstimators`. */
const steps = (rules: Readonly<Record<string, StepRule>>): RowEstimator => ({
  advantage: (row, options) => {
    const others = optional(row, 'otherEstimators');
    const results = Object.entries(rules).map(([name, rule]) => [name, rule(row, options)]);
    return {
      otherEstimators: { ...(others === null ? {} : objectOf(others)), ...Object.fromEntries(results) },
    };
  },
});

const gigpo: RowEstimator = {
  advantage: (row, options) => ({ out: gigpoSteps(row, options) }),
  advantage_duplicates: (row, options) => ({ out: gigpoDuplicates(row, options) }),
};

/** Estimators of steps by the names of the published vectors. */
const STEP_RULES: Readonly<Record<string, StepRule>> = {
  grpo_std: groupSteps('grpo'),
  grpo_nostd: groupSteps('grpo_nostd'),
  rloo: groupSteps('rloo'),
  reinforce_pp_baseline: reinforceBaselineSteps,
  reinforce_pp_gamma1: reinforceSteps(1),
  grpo_passk_std: groupSteps('grpo_passk'),
  hgpo_hist2_alpha1_baseFalse: hgpoSteps({ history: 2, alpha: 1, hasEpisodeTerm: false }),
  hgpo_hist2_alpha1_baseTrue: hgpoSteps({ history: 2, alpha: 1, hasEpisodeTerm: true }),
};

const TOKEN_ESTIMATORS: Readonly<Record<string, RowEstimator>> = {
  gae: { gae: gaeTokens },
  remax: { remax: remaxTokens },
  policy_loss: { policy_loss: policyLossTokens },
  difflib_ratio: { difflib_ratio: similarityCases },
};

const everyStep = steps(STEP_RULES);

/** Everything that a kind of row has. */
const all: RowEstimator = {
  ...gigpo,
  gae: gaeTokens,
  remax: remaxTokens,
  policy_loss: policyLossTokens,
  difflib_ratio: similarityCases,
  advantage: (row, options) => ({
    out: gigpoSteps(row, options),
    ...everyStep.advantage?.(row, options),
  }),
};

/** Estimators whose name is that of the published vectors, and those names. */
const ALIASES: Readonly<Record<string, string>> = {
  grpo: 'grpo_std',
  grpo_passk: 'grpo_passk_std',
  reinforce_pp: 'reinforce_pp_gamma1',
  hgpo: 'hgpo_hist2_alpha1_baseFalse',
};

const ESTIMATORS: ReadonlyMap<string, RowEstimator> = new Map([
  ['gigpo', gigpo],
  ...Object.entries(STEP_RULES).map(([name, rule]) => [name, steps({ [name]: rule })] as const),
  ...Object.entries(TOKEN_ESTIMATORS),
  ['all', all],
]);

/** Names for messages. */
export const ROW_ESTIMATORS: readonly string[] = [
  ...ESTIMATORS.keys(),
  ...Object.keys(ALIASES),
  'hgpo_hist<H>_alpha<A>_base<True|False>',
  'reinforce_pp_gamma<G>',
];

const HGPO = /^hgpo_hist(\d{1,2})_alpha(\d{1,3}(?:\.\d{1,9})?)_base(True|False)$/;
const REINFORCE = /^reinforce_pp_gamma(0?\.\d{1,9}|0|1)$/;

/** The estimator of a name, which may hold the settings of HGPO or the discount of REINFORCE++; undefined for none. */
export function rowEstimator(name: string): RowEstimator | undefined {
  const known = ESTIMATORS.get(Object.hasOwn(ALIASES, name) ? (ALIASES[name] ?? name) : name);
  if (known !== undefined) return known;
  const [, history, alpha, term] = HGPO.exec(name) ?? [];
  if (history !== undefined && Number(history) <= 64) {
    const settings = { history: Number(history), alpha: Number(alpha), hasEpisodeTerm: term === 'True' };
    return steps({ [name]: hgpoSteps(settings) });
  }
  const [, gamma] = REINFORCE.exec(name) ?? [];
  return gamma === undefined ? undefined : steps({ [name]: reinforceSteps(Number(gamma)) });
}

/**
 * The row with the fields that the estimator computes.
 * @throws CliError CLI_INPUT naming the field
 */
export function estimateRow(row: unknown, estimator: RowEstimator, options: RowOptions): unknown {
  const field: Field = { value: row, path: '' };
  const names = objectOf(field);
  const rule = estimator[kindOf(field, estimator)];
  try {
    const result = rule?.(field, options) ?? {};
    refuseOverflow(result, '');
    return { ...names, ...result };
  } catch (error) {
    if (!(error instanceof AlgorithmError)) throw error;
    throw new CliError('CLI_INPUT', error.message, { cause: error });
  }
}

/** The kind that a row names, or else the one whose mark it has. */
function kindOf(row: Field, estimator: RowEstimator): RowKind {
  // The keys of a table by kind are kinds.
  const kinds = Object.keys(estimator) as RowKind[];
  const named = optional(row, 'kind');
  if (named !== null) return choiceOf(named, kinds);
  const found = kinds.find((kind) => optional(row, MARKS[kind]) !== null);
  if (found !== undefined) return found;
  const wanted = kinds.map((kind) => MARKS[kind]).join(' or ');
  throw new CliError('CLI_INPUT', `${wanted} is missing`);
}

/** JSON would write null for a number that is not finite. */
function refuseOverflow(value: unknown, path: string): void {
  if (typeof value === 'number' && !Number.isFinite(value)) {
    throw new CliError('CLI_INPUT', `${path} becomes ${value}: the numbers of the row are too large`);
  }
  if (Array.isArray(value)) for (const [i, item] of value.entries()) refuseOverflow(item, `${path}[${i}]`);
  else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) {
      refuseOverflow(item, path === '' ? name : `${path}.${name}`);
    }
  }
}
