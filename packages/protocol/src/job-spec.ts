/** A dataset as a run sees it: an uploaded file, frozen by the hash of its bytes. */
export interface DatasetRef {
  readonly fileId: string;
  /** SHA-256 of the bytes, lower-case hexadecimal. */
  readonly sha256: string;
  /** Lines that hold a row. */
  readonly rows: number;
}

/** Optimiser and loss settings of a run; the names and ranges are those of the training request. */
export interface RunHyperparameters {
  readonly learningRate: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly clipLow: number;
  readonly clipHigh: number;
  readonly klCoefficient: number;
  readonly temperature: number;
}

/** Everything that decides a run's result: written once at creation, with every default filled in. */
export interface JobSpec {
  readonly model: string;
  readonly training: DatasetRef;
  readonly validation: DatasetRef | null;
  readonly seed: number;
  /** The grader as submitted, already validated. */
  readonly grader: unknown;
  /** Completions per prompt in training. */
  readonly groupSize: number;
  /** Prompts per training step. */
  readonly groupsPerStep: number;
  readonly steps: number;
  readonly maxNewTokens: number;
  /** Tempered completions per case in evaluation, one greedy added; 0 leaves evaluation out. */
  readonly evalSamples: number;
  readonly loraRank: number;
  readonly loraAlpha: number;
  readonly hyperparameters: RunHyperparameters;
}

/** The policy version that something was made by. */
export interface PolicyRef {
  /** 0 before any step; step s turns version s into s + 1. */
  readonly version: number;
  readonly sha256: string;
}
