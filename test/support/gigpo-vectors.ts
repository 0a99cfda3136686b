import {
  type Anchor,
  type NormalisationMode,
  type PenalisedSteps,
  scoreSteps,
  type TokenMatrix,
} from '@residency/algorithms';
import { jsonRows, referenceFile } from './reference-data.js';

/** A published case of advantages: executed by a reference trainer in single precision. */
export interface AdvantageRow {
  readonly kind: 'advantage';
  readonly name: string;
  readonly config: {
    readonly gamma: number;
    readonly omega: number;
    readonly mode: NormalisationMode;
    readonly similarity: boolean;
    readonly threshold: number;
    readonly invalidPenalty: number;
    readonly epsilon: number;
    readonly responseLength: number;
  };
  readonly steps: readonly {
    readonly group: string;
    readonly traj: string;
    readonly anchor: Anchor;
    readonly reward: number;
    readonly valid: boolean;
    readonly tokens: number;
  }[];
  readonly out: {
    readonly discountedReturn: readonly number[];
    readonly stepReturnAfterPenalty: readonly number[];
    readonly episodeScoreAfterPenalty: readonly number[];
    readonly stepGroup: readonly number[];
    readonly episodeAdv: readonly number[];
    readonly episodeAdv_trajStats: readonly number[];
    readonly stepAdv: readonly number[];
    readonly advantage: readonly number[];
    readonly advantageTokens: TokenMatrix;
  };
  readonly otherEstimators: {
    readonly grpo_std: readonly number[];
    readonly grpo_nostd: readonly number[];
    readonly rloo: readonly number[];
    readonly reinforce_pp_baseline: TokenMatrix;
    readonly reinforce_pp_gamma1: TokenMatrix;
    readonly grpo_passk_std: readonly number[] | string;
    readonly hgpo_hist2_alpha1_baseFalse: readonly number[];
    readonly hgpo_hist2_alpha1_baseTrue: readonly number[];
  };
}

/** The published case of samples that stand in a batch twice. */
export interface DuplicatesRow {
  readonly kind: 'advantage_duplicates';
  readonly group: readonly string[];
  readonly traj: readonly string[];
  readonly anchor: readonly Anchor[];
  readonly stepReturn: readonly number[];
  readonly episodeScore: readonly number[];
  readonly out: readonly number[];
}

/** The published similarities of texts. */
export interface RatioRow {
  readonly kind: 'difflib_ratio';
  readonly cases: readonly {
    readonly a: string;
    readonly b: string;
    readonly ratio: number;
    readonly ratio_no_autojunk: number;
  }[];
}

/** The published case of generalised advantage estimates. */
export interface GaeRow {
  readonly kind: 'gae';
  readonly rewards: TokenMatrix;
  readonly values: TokenMatrix;
  readonly mask: TokenMatrix;
  readonly advantages: TokenMatrix;
  readonly returns: TokenMatrix;
}

export interface GigpoRows {
  readonly advantage: AdvantageRow;
  readonly advantage_duplicates: DuplicatesRow;
  readonly difflib_ratio: RatioRow;
  readonly gae: GaeRow;
}

/** Where the published rows lie; null, with a line that says so, where this machine has none. */
export const gigpoPath = (): string | null => referenceFile('golden', 'gigpo.jsonl');

/** Published rows of one kind. */
export const gigpoRows = <K extends keyof GigpoRows>(kind: K): GigpoRows[K][] =>
  jsonRows<GigpoRows[K]>(gigpoPath()).filter((row) => row.kind === kind);

/** A published row without its results, and with them. */
export interface PublishedRow {
  readonly input: Readonly<Record<string, unknown>>;
  readonly row: Readonly<Record<string, unknown>>;
}

/** Fields of each kind of row that are results; two of the last kind depend on what is not in the row. */
const RESULTS: Readonly<Record<string, readonly string[]>> = {
  advantage: ['out', 'otherEstimators'],
  advantage_duplicates: ['out'],
  difflib_ratio: [],
  policy_loss: ['out', 'kl', 'kl_loss_low_var_token_mean'],
  gae: ['advantages', 'returns', 'value_loss', 'value_clipfrac'],
};
const UNDETERMINED = ['value_loss', 'value_clipfrac'];

/** All published rows, as they are and as somebody would ask for their results. */
export function publishedRows(): PublishedRow[] {
  return jsonRows<Readonly<Record<string, unknown>>>(gigpoPath()).map((row) => {
    const results = RESULTS[String(row['kind'])] ?? [];
    const input = Object.fromEntries(Object.entries(row).filter(([name]) => !results.includes(name)));
    const want = Object.fromEntries(Object.entries(row).filter(([name]) => !UNDETERMINED.includes(name)));
    if (row['kind'] !== 'difflib_ratio') return { input, row: want };
    const cases = (row as unknown as RatioRow).cases.map(({ a, b }) => ({ a, b }));
    return { input: { ...input, cases }, row: want };
  });
}

/** Paths at which a value differs: numbers by more than the tolerance, relative above 1; anything else at all. */
export function differences(got: unknown, want: unknown, tolerance: number, path = ''): string[] {
  if (typeof got === 'number' && typeof want === 'number') {
    return Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want))
      ? []
      : [`${path}: ${got}, ${want}`];
  }
  if (typeof got === 'object' && typeof want === 'object' && got !== null && want !== null) {
    const [ours, theirs] = [new Map(Object.entries(got)), new Map(Object.entries(want))];
    const names = [...new Set([...ours.keys(), ...theirs.keys()])];
    return names.flatMap((name) =>
      differences(ours.get(name), theirs.get(name), tolerance, `${path}/${name}`),
    );
  }
  return got === want ? [] : [`${path}: ${String(got)}, ${String(want)}`];
}

/** A published case as the estimators read it. */
export const scoredRow = ({ steps, config }: AdvantageRow): PenalisedSteps =>
  scoreSteps(
    steps.map(({ group, traj, anchor, reward, valid }) => ({
      group,
      trajectory: traj,
      anchor,
      reward,
      isValid: valid,
    })),
    config,
  );

/** Which tokens of a published case carry loss. */
export const maskOf = ({ steps, config }: AdvantageRow): number[][] =>
  steps.map(({ tokens }) => Array.from({ length: config.responseLength }, (_, t) => Number(t < tokens)));
