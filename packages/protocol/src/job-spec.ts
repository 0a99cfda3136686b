import type {
  AgentEstimator,
  NormalisationMode,
  ObjectiveSettings,
  OldLogprobs,
  PolicyLossSettings,
} from '@residency/algorithms';

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

/** How a run learns: from its own samples or episodes and their rewards, from demonstrations, or from preferences. */
export type JobMethod = 'reinforcement' | 'agent' | 'supervised' | 'dpo';

/** Methods that learn from rows as they stand; the others sample what they learn from. */
export type DataMethod = Exclude<JobMethod, 'reinforcement' | 'agent'>;

/** The version of another run that a run begins with. */
export interface ParentPolicy {
  readonly jobId: string;
  readonly version: number;
  /** Of its adapter. */
  readonly sha256: string;
}

/** How rewards of a group become advantages. */
export type RunEstimator = AgentEstimator | 'grpo_passk' | 'decoupled';

/** The names, for those who read them from outside. */
export const RUN_ESTIMATORS: readonly RunEstimator[] = [
  'grpo',
  'grpo_nostd',
  'rloo',
  'grpo_passk',
  'decoupled',
  'gigpo',
  'hgpo',
];

export interface AdvantageSettings {
  readonly estimator: RunEstimator;
  /** Of `decoupled`: least standard deviation of a part that is divided by. */
  readonly stdFloor?: number;
  /** Of `decoupled`: weights of parts by name; those that are not named weigh 1, or 0 where they do not count in the reward. */
  readonly objectiveWeights?: Readonly<Record<string, number>>;
}

/** What an agent reads at each turn, and what is a training sample: see `EpisodeForm` of the agents package. */
export type AgentForm = 'steps' | 'conversation';

/** How prompts of agents are written: see `PromptStyle` of the environments package. */
export type AgentPromptStyle = 'published' | 'brief';

/** How episodes are played, and how their steps are weighed. */
export interface AgentSettings {
  /** Name of the environment, ours or registered by address. */
  readonly environment: string;
  readonly form: AgentForm;
  readonly promptStyle: AgentPromptStyle;
  /** Steps of the past that a prompt tells. */
  readonly history: number;
  /** Responses after which an episode ends. */
  readonly maxTurns: number;
  /** Discount of a reward per step. */
  readonly gamma: number;
  /** Weight of the step advantage of `gigpo`. */
  readonly omega: number;
  /** Taken off the scores of a response that has not the form asked for, in units of reward. */
  readonly invalidPenalty: number;
  /** What `gigpo` and `hgpo` divide by. */
  readonly normalisation: NormalisationMode;
  /** Similarity from which `gigpo` joins anchors; absent: equal ones alone. */
  readonly similarity?: number;
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
  /** Of the method `agent` alone. */
  readonly agent?: AgentSettings;
  /** The grader as submitted, already validated; null where nothing is graded. */
  readonly grader: unknown;
  /** Absent means `grpo`, or `gigpo` for an agent. */
  readonly advantage?: AdvantageSettings;
  /** Completions per prompt in training. */
  readonly groupSize: number;
  /** Prompts per training step. */
  readonly groupsPerStep: number;
  readonly steps: number;
  readonly maxNewTokens: number;
  /** In training and in evaluation; absent where nothing is left out. */
  readonly filters?: SamplingFilters;
  /** Tempered completions per case in evaluation, one greedy added; 0 draws none. */
  readonly evalSamples: number;
  /**
   * Evaluations measure the loss of the validation rows as they stand; absent where completions are sampled and graded, if
   * there are any.
   */
  readonly evaluates?: 'loss';
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

/** Whether a method learns from what it samples itself. */
export const learnsFromSamples = (method: JobMethod): method is Exclude<JobMethod, DataMethod> =>
  method === 'reinforcement' || method === 'agent';

export const methodOf = ({ method }: Pick<JobSpec, 'method'>): JobMethod => method ?? 'reinforcement';
