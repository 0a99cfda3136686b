import {
  choiceFlag,
  type Flag,
  integerFlag,
  numberFlag,
  optionalFlag,
  readFlags,
  requiredFlag,
  switchFlag,
  textFlag,
} from '../arguments.js';
import { CliError } from '../errors.js';

const text = (wanted: string): Flag<string | null> => optionalFlag(textFlag(wanted, ''));

const MAX_SEED = 2 ** 32 - 1;
const MAX_ROWS = 50_000;

const flags = {
  model: requiredFlag('the folder of a model'),
  adapter: text('an adapter or checkpoint file, or a folder that PEFT saved'),
  'baseline-adapter': text("such a file or folder, or 'none' for the model alone"),
  baseline: text('the report.json of another evaluation of the same data'),
  data: requiredFlag('a JSONL file with rows as jobs take them'),
  out: requiredFlag('a new folder'),
  samples: integerFlag(1, 256, 1),
  temperature: numberFlag(
    '0, or a number from 0.000001 to 100',
    (t) => t === 0 || (t >= 1e-6 && t <= 100),
    0,
  ),
  'top-p': numberFlag('a number above 0 and at most 1', (p) => p > 0 && p <= 1, 1),
  'max-tokens': optionalFlag(integerFlag(1, 1_000_000, 1)),
  limit: optionalFlag(integerFlag(1, MAX_ROWS, 1)),
  seed: integerFlag(0, MAX_SEED, 1),
  profile: choiceFlag(['crpo-paper', 'none'], 'crpo-paper'),
  verifier: choiceFlag(['bedside'], null),
  judge: text('the name of a model'),
  'second-judge': text('the name of another model'),
  json: switchFlag,
};

/** What an evaluation is asked for; null where it is left out. */
export interface EvalOptions {
  readonly model: string;
  readonly adapter: string | null;
  /** `none` is the model alone. */
  readonly baselineAdapter: string | null;
  /** A report.json. */
  readonly baseline: string | null;
  readonly data: string;
  readonly out: string;
  /** Completions of each question. @defaultValue 1 */
  readonly samples: number;
  /** @defaultValue 0, greedy */
  readonly temperature: number;
  /** @defaultValue 1 */
  readonly topP: number;
  /** @defaultValue what the longest prompt leaves of the model's context, at most 1024 */
  readonly maxTokens: number | null;
  /** Rows that are asked, from the first on. @defaultValue all */
  readonly limit: number | null;
  /** Of sampling and of resampling. @defaultValue 1 */
  readonly seed: number;
  readonly profile: 'crpo-paper' | 'none';
  readonly verifier: 'bedside' | null;
  readonly judge: string | null;
  readonly secondJudge: string | null;
  /** Figures in one line in place of tables. */
  readonly json: boolean;
}

/** Combinations that make no sense: why, and whether one is given. */
const CONFLICTS: readonly (readonly [problem: string, isGiven: (options: EvalOptions) => boolean])[] = [
  [
    '--baseline and --baseline-adapter are both given, want one baseline',
    (o) => o.baseline !== null && o.baselineAdapter !== null,
  ],
  [
    '--samples above 1 are all the same at --temperature 0, want a temperature above it',
    (o) => o.samples > 1 && o.temperature === 0,
  ],
  ['--second-judge is given without --judge', (o) => o.secondJudge !== null && o.judge === null],
  [
    '--second-judge and --judge are the same model, want two',
    (o) => o.judge !== null && o.secondJudge === o.judge,
  ],
  ['--verifier is for --profile crpo-paper', (o) => o.verifier !== null && o.profile === 'none'],
];

/** The command line of `residency eval`. @throws CliError CLI_USAGE */
export function readEvalOptions(args: readonly string[]): EvalOptions {
  const given = readFlags(flags, args);
  const options: EvalOptions = {
    ...given,
    baselineAdapter: given['baseline-adapter'],
    topP: given['top-p'],
    maxTokens: given['max-tokens'],
    secondJudge: given['second-judge'],
  };
  for (const [problem, isGiven] of CONFLICTS) {
    if (isGiven(options)) throw new CliError('CLI_USAGE', problem);
  }
  return options;
}
