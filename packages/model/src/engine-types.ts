import type { Device } from '@residency/tensor';

/** What a compute engine is asked and what it answers; plain data, so that it can cross a process boundary. */

/** Names one prompt of one step of one run: with the sample and token index it keys every random number. */
export interface SampleKey {
  readonly seed: number;
  readonly step: number;
  readonly prompt: number;
}

/** A LoRA adapter as safetensors bytes (PEFT tensor names), named by its SHA-256. */
export interface AdapterRef {
  readonly sha256: string;
  readonly bytes: Uint8Array;
}

export interface SampleRequest {
  /** The policy version to sample from; null means the base model. */
  readonly adapter: AdapterRef | null;
  readonly promptIds: readonly number[];
  /** One temperature per sample, so its length is the group size G; 0 means greedy. */
  readonly temperatures: readonly number[];
  readonly maxNewTokens: number;
  readonly stopIds: readonly number[];
  readonly key: SampleKey;
}

export interface Sample {
  /** Generated ids, the stop id included where one ended the sample. */
  readonly ids: readonly number[];
  /** Natural-log probability of each id under the sampled (tempered) distribution; temperature 1 for greedy. */
  readonly logprobs: readonly number[];
  readonly stopReason: 'stop' | 'length';
}

export interface LearnSample {
  readonly ids: readonly number[];
  /** Log-probabilities that the sampler recorded, one per id. */
  readonly logprobs: readonly number[];
  readonly advantage: number;
}

export interface LearnGroup {
  readonly promptIds: readonly number[];
  readonly samples: readonly LearnSample[];
}

export interface LearnHyperparameters {
  readonly learningRate: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  readonly weightDecay: number;
  /** Global L2 norm that gradients are clipped to; 0 means no clipping. */
  readonly maxGradNorm: number;
  /** Ratios are clipped to [1 - clipLow, 1 + clipHigh]. */
  readonly clipLow: number;
  readonly clipHigh: number;
  /** Weight of the k3 KL estimate to the starting policy; 0 leaves the reference pass out. */
  readonly klCoefficient: number;
  /** Temperature that the samples were drawn at. */
  readonly temperature: number;
}

/** Everything a policy version is: adapter and optimiser state, both as safetensors bytes. */
export interface PolicyState {
  readonly adapter: Uint8Array;
  readonly optimizer: Uint8Array;
}

export interface LoraOptions {
  readonly seed: number;
  readonly rank: number;
  readonly alpha: number;
}

export interface LearnMetrics {
  readonly loss: number;
  readonly policyLoss: number;
  /** Mean k3 estimate per token of the divergence from the starting policy, in nats. */
  readonly kl: number;
  readonly entropy: number;
  readonly clipFraction: number;
  readonly gradNorm: number;
  /** Tokens that carried loss. */
  readonly tokens: number;
  /** Reason code where the update was left out (non-finite gradients), else null. */
  readonly skipped: string | null;
}

export interface LearnRequest {
  readonly state: PolicyState;
  readonly groups: readonly LearnGroup[];
  readonly hyperparameters: LearnHyperparameters;
}

export interface LearnResult {
  readonly state: PolicyState;
  readonly metrics: LearnMetrics;
}

export interface ModelInfo {
  readonly dir: string;
  /** SHA-256 over the weight files: what an adapter belongs to. */
  readonly sha256: string;
  readonly vocabSize: number;
  readonly maxPositions: number;
}

export interface CallOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

/**
 * A model ready to sample and learn, computing in a child process: calls never block the caller's event loop.
 * A call past its deadline, or aborted, kills the child and rejects with code `ENGINE_DEADLINE` / `ENGINE_ABORTED`;
 * a crash rejects with `ENGINE_CRASHED`. The next call starts a fresh child. Calls run one at a time, in order.
 */
export interface Engine {
  readonly model: ModelInfo;
  initState(options: LoraOptions, call: CallOptions): Promise<PolicyState>;
  sample(request: SampleRequest, call: CallOptions): Promise<readonly Sample[]>;
  learn(request: LearnRequest, call: CallOptions): Promise<LearnResult>;
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Hugging Face folder: config.json, *.safetensors. */
  readonly modelDir: string;
  readonly threads: number;
  /** @defaultValue the processor */
  readonly device?: Device;
}
