import {
  AlgorithmError,
  type Anchor,
  advantageRules,
  type GigpoOptions,
  NORMALISATION_MODES,
  REFERENCE_GIGPO,
  type ScoredSteps,
  scoreSteps,
} from '@residency/algorithms';
import {
  booleanOf,
  choiceOf,
  type Field,
  integerOf,
  itemsOf,
  type Matrix,
  numberOf,
  objectOf,
  optional,
  type RowOptions,
  refuse,
  required,
  textOf,
} from './row-fields.js';

/** Most numbers that a matrix of tokens may hold. */
const MAX_CELLS = 50_000_000;

/** A batch of steps as a row gives it. */
interface StepRow {
  readonly batch: ReturnType<typeof scoreSteps>;
  /** 1 for the tokens of each response, [steps][responseLength]. */
  readonly mask: number[][];
  readonly gigpo: GigpoOptions & { readonly epsilon: number };
}

/** Rows read before, so that several estimators read one row once. */
const readRows = new WeakMap<object, StepRow>();

/**
 * Reads `config` and `steps`.
 * @throws CliError CLI_INPUT
 */
function stepRowOf(row: Field): StepRow {
  const object = objectOf(row);
  const known = readRows.get(object);
  if (known !== undefined) return known;
  const config = required(row, 'config');
  const number = (name: string): number => numberOf(required(config, name));
  const responseLength = integerOf(required(config, 'responseLength'), 1, 1_000_000);
  const isSimilar = booleanOf(required(config, 'similarity'));
  const threshold = number('threshold');
  const gigpo = {
    mode: choiceOf(required(config, 'mode'), NORMALISATION_MODES),
    epsilon: number('epsilon'),
    omega: number('omega'),
    similarity: isSimilar ? threshold : null,
  };
  const scoring = { gamma: number('gamma'), invalidPenalty: number('invalidPenalty') };
  const steps = required(row, 'steps');
  const read = itemsOf(steps, (step) => ({
    group: textOf(required(step, 'group')),
    trajectory: textOf(required(step, 'traj')),
    anchor: anchorOf(required(step, 'anchor')),
    reward: numberOf(required(step, 'reward')),
    isValid: booleanOf(required(step, 'valid')),
    tokens: integerOf(required(step, 'tokens'), 0, responseLength),
  }));
  if (read.length === 0) return refuse(steps, 'at least one step');
  if (read.length * responseLength > MAX_CELLS) {
    return refuse(steps, `at most ${MAX_CELLS} steps times config.responseLength`);
  }
  const mask = read.map(({ tokens }) => Array.from({ length: responseLength }, (_, t) => Number(t < tokens)));
  const result = { batch: scoreSteps(read, scoring), mask, gigpo };
  readRows.set(object, result);
  return result;
}

/** Whatever JSON holds is an anchor. */
const anchorOf = ({ value }: Field): Anchor => value as Anchor;

/** What the reference trainer does, or the defaults of the library. */
const base = ({ isCorrected }: RowOptions): Partial<typeof REFERENCE_GIGPO> =>
  isCorrected ? {} : REFERENCE_GIGPO;

/** The field `out` of a row of steps. */
export function gigpoSteps(row: Field, options: RowOptions): Readonly<Record<string, unknown>> {
  const { batch, mask, gigpo: given } = stepRowOf(row);
  const settings = { ...base(options), ...given };
  const got = advantageRules.gigpo(batch, settings);
  const byTrajectory = advantageRules.gigpo(batch, {
    ...settings,
    omega: 0,
    episodeStatistics: 'trajectories',
  });
  return {
    discountedReturn: batch.unpenalised.stepReturns,
    stepReturnAfterPenalty: batch.stepReturns,
    episodeScoreAfterPenalty: batch.episodeScores,
    stepGroup: got.stepGroups,
    episodeAdv: got.episodeAdvantages,
    episodeAdv_trajStats: byTrajectory.episodeAdvantages,
    stepAdv: got.stepAdvantages,
    advantage: got.advantages,
    advantageTokens: mask.map((bits, s) => bits.map((bit) => (bit > 0 ? (got.advantages[s] ?? 0) : 0))),
  };
}

/** The field `out` of a row of scored samples, some of which stand in it twice. */
export function gigpoDuplicates(row: Field, options: RowOptions): number[] {
  const groups = itemsOf(required(row, 'group'), textOf);
  const samples = groups.length;
  const batch: ScoredSteps = {
    groups,
    trajectories: itemsOf(required(row, 'traj'), textOf, samples),
    anchors: itemsOf(required(row, 'anchor'), anchorOf, samples),
    stepReturns: itemsOf(required(row, 'stepReturn'), numberOf, samples),
    episodeScores: itemsOf(required(row, 'episodeScore'), numberOf, samples),
  };
  const copies = optional(row, 'copy');
  const marks = copies === null ? {} : { isCopy: itemsOf(copies, booleanOf, samples) };
  return advantageRules.gigpo({ ...batch, ...marks }, { ...base(options), mode: 'mean_std_norm' }).advantages;
}

type GroupEstimator = 'grpo' | 'grpo_nostd' | 'rloo' | 'grpo_passk';

/** Advantages of steps from their episode scores; a refused group of one is text, as in the published rows. */
export const groupSteps =
  (estimator: GroupEstimator) =>
  (row: Field, options: RowOptions): number[] | string => {
    const { batch, gigpo } = stepRowOf(row);
    const singletons = options.isCorrected ? 'zero' : 'raw';
    try {
      const scores = { groups: batch.groups, scores: batch.episodeScores };
      return advantageRules[estimator](scores, { epsilon: gigpo.epsilon, singletons });
    } catch (error) {
      if (!(error instanceof AlgorithmError && error.code === 'ALGORITHM_GROUP_SMALL')) throw error;
      return `error: ${error.message}`;
    }
  };

/** Whitened token returns of steps, whose episode score stands on the last token of the response. */
export const reinforceSteps =
  (gamma: number) =>
  (row: Field): Matrix => {
    const { batch, mask } = stepRowOf(row);
    const rewards = mask.map((bits, s) => {
      const last = bits.lastIndexOf(1);
      return bits.map((_, t) => (t === last ? (batch.episodeScores[s] ?? 0) : 0));
    });
    return advantageRules.reinforce_pp({ rewards, mask }, { gamma });
  };

export function reinforceBaselineSteps(row: Field, options: RowOptions): Matrix {
  const { batch, mask } = stepRowOf(row);
  const samples = { groups: batch.groups, scores: batch.episodeScores, mask };
  return advantageRules.reinforce_pp_baseline(samples, { singletons: options.isCorrected ? 'zero' : 'raw' });
}

export const hgpoSteps =
  (settings: { readonly history: number; readonly alpha: number; readonly hasEpisodeTerm: boolean }) =>
  (row: Field, options: RowOptions): number[] => {
    const { batch, gigpo } = stepRowOf(row);
    const { mode, epsilon } = gigpo;
    return advantageRules.hgpo(batch, { ...base(options), ...settings, epsilon, mode: mode ?? 'mean_norm' });
  };
