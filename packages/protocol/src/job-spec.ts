import type { ObjectiveSettings, OldLogprobs, PolicyLossSettings } from '@residency/algorithms';

/** A dataset as a run sees it: an uploaded file, frozen by the hash of its bytes. */
export interface DatasetRef {
  readonly fileId: string;
  /** SHA-256 of the bytes, lower-case hexadecimal. */
  readonly sha256: string;
  /** Lines that hold a row. */
  readonly rows: number;
}

/** How the learning rate falls after its warm-up. */
export type ScheduleShape = 'constant' | 'linear' | 'cosine';

/** The names, for those who read them from outside. */
export const SCHEDULE_SHAPES: readonly ScheduleShape[] = ['constant', 'linear', 'cosine'];

/** How the learning rate of a run moves; its peak is the run's `learningRate`. */
export interface LearningRateSchedule {
  readonly shape: ScheduleShape;
  /** Steps in which the rate rises in equal parts to its peak. */
  readonly warmupSteps: number;
  /** Steps of the run, the warm-up's among them. */
  readonly totalSteps: number;
  /** The minimum as a share of the peak, 0 to 1; `constant` stays at the peak. */
  readonly minShare: number;
}

/**
 * Optimiser and loss settings of a run; the names and ranges are those of the training request. What may be absent
 * is so wherever it would say what its absence says.
 */
export interface RunHyperparameters extends PolicyLossSettings, ObjectiveSettings {
  /** The peak, where there is a schedule. */
  readonly learningRate: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly temperature: number;
  /** Absent means `recorded`. */
  readonly oldLogprobs?: OldLogprobs;
  /** Absent means a constant rate without a warm-up. */
  readonly schedule?: LearningRateSchedule;
}

/** What sampling leaves out; a filter that is absent leaves out nothing. */
export interface SamplingFilters {
  /** Draws from the so many most likely tokens, at least 1. */
  readonly topK?: number;
  /** Draws from the most likely tokens that hold this share of the probability, above 0 and below 1. */
  readonly topP?: number;
  /** Draws from tokens at least this likely, as a share of the most likely one, above 0 and up to 1. */
  readonly minP?: number;
}

/** How a run learns: from its own samples and their rewards, from demonstrations, or from preferences. */
export type JobMethod = 'reinforcement' | 'supervised' | 'dpo';

/** The version of another run that a run begins with. */
export interface ParentPolicy {
  readonly jobId: string;
  readonly version: number;
  /** Of its adapter. */
  readonly sha256: string;
}

/** How rewards of a group become advantages. */
export type RunEstimator = 'grpo' | 'grpo_nostd' | 'rloo' | 'grpo_passk' | 'decoupled';

/** The names, for those who read them from outside. */
export const RUN_ESTIMATORS: readonly RunEstimator[] = [
  'grpo',
  'grpo_nostd',
  'rloo',
  'grpo_passk',
  'decoupled',
];

export interface AdvantageSettings {
  readonly estimator: RunEstimator;
  /** Of `decoupled`: least standard deviation of a part that is divided by. */
  readonly stdFloor?: number;
  /** Of `decoupled`: weights of parts by name; those that are not named weigh 1, or 0 where they do not count in the reward. */
  readonly objectiveWeights?: Readonly<Record<string, number>>;
}

/** Everything that decides a run's result: written once at creation, with every default filled in. */
export interface JobSpec {
  /** Absent in reinforcement, which all runs once were. */
  readonly method?: Exclude<JobMethod, 'reinforcement'>;
  readonly model: string;
  /** Absent where the run begins as the base model. */
  readonly parent?: ParentPolicy;
  readonly training: DatasetRef;
  readonly validation: DatasetRef | null;
  readonly seed: number;
  /** The grader as submitted, already validated; null where nothing is graded. */
  readonly grader: unknown;
  /** Absent means `grpo`. */
  readonly advantage?: AdvantageSettings;
  /** Completions per prompt in training. */
  readonly groupSize: number;
  /** Prompts per training step. */
  readonly groupsPerStep: number;
  readonly steps: number;
  readonly maxNewTokens: number;
  /** In training and in evaluation; absent where nothing is left out. */
  readonly filters?: SamplingFilters;
  /** Tempered completions per case in evaluation, one greedy added; 0 leaves evaluation out. */
  readonly evalSamples: number;
  /** Training steps between evaluations; absent where there are two, before and after. */
  readonly evalInterval?: number;
  readonly loraRank: number;
  readonly loraAlpha: number;
  /** All weights in place of an adapter, to which rank and alpha say nothing; absent where an adapter is trained. */
  readonly trains?: 'full';
  readonly hyperparameters: RunHyperparameters;
}

/** The policy version that something was made by. */
export interface PolicyRef {
  /** 0 before any step; step s turns version s into s + 1. */
  readonly version: number;
  readonly sha256: string;
}

export const methodOf = ({ method }: Pick<JobSpec, 'method'>): JobMethod => method ?? 'reinforcement';
