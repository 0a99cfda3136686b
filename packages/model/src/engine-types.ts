import type { ObjectiveSettings, OldLogprobs, PolicyLossSettings } from '@residency/algorithms';
import type { Device, Precision } from '@residency/tensor';

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
  /**
   * Prompts of the samples where they differ, one each; `promptIds` is then empty. Equal ones are computed once. A sample's last
   * bits may depend on the prompts beside its own, which are padded to one length.
   */
  readonly ownPrompts?: readonly (readonly number[])[];
  /** One temperature per sample, so its length is the group size G; 0 means greedy. */
  readonly temperatures: readonly number[];
  readonly maxNewTokens: number;
  /** Most new tokens of each sample, where they differ; at most `maxNewTokens`. */
  readonly limits?: readonly number[];
  /** A token that ends a sample. */
  readonly stopIds: readonly number[];
  /** Sequences of tokens that end a sample. */
  readonly stopSequences?: readonly (readonly number[])[];
  /** Draws from the so many most likely tokens; 0 or none: from all. */
  readonly topK?: number;
  /** Draws from the most likely tokens that hold this share of the probability. @defaultValue 1 */
  readonly topP?: number;
  /** Draws from tokens at least this likely, as a share of the most likely one. @defaultValue 0 */
  readonly minP?: number;
  readonly key: SampleKey;
  /** Numbers of the samples under that key, each of 32 bits. @defaultValue their places */
  readonly sampleNumbers?: readonly number[];
}

export interface Sample {
  /** Generated ids, the stop id included where one ended the sample. */
  readonly ids: readonly number[];
  /** Natural-log probability of each id in the distribution it was drawn from; at temperature 1 for greedy. */
  readonly logprobs: readonly number[];
  /** Natural-log probability of each id under the model at temperature 1, nothing left out. */
  readonly modelLogprobs: readonly number[];
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

/** An agent's episode as one sequence of tokens, some of which the policy chose. */
export interface LearnTrajectory {
  readonly ids: readonly number[];
  /** Places of the tokens that the policy chose, rising, each above 0. */
  readonly targets: readonly number[];
  /** Log-probabilities that the sampler recorded, one per target. */
  readonly logprobs: readonly number[];
  /** One per target: steps of one episode may weigh differently. */
  readonly advantages: readonly number[];
}

/** Trajectories that share histories: each distinct one is computed once. */
export interface TrajectoryGroup {
  readonly trajectories: readonly LearnTrajectory[];
}

export interface LearnHyperparameters extends PolicyLossSettings, ObjectiveSettings {
  readonly learningRate: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  readonly weightDecay: number;
  /** Global L2 norm that gradients are clipped to; 0 means no clipping. */
  readonly maxGradNorm: number;
  /** Temperature that the samples were drawn at. */
  readonly temperature: number;
  /** Where the old policy's log-probabilities come from. @defaultValue `recorded` */
  readonly oldLogprobs?: OldLogprobs;
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

/** What a run trains: an adapter, or all weights, which suits small models. */
export type TrainedPart = 'lora' | 'full';

export interface StateOptions extends LoraOptions {
  /** Rank and alpha are of `lora` alone. @defaultValue `lora` */
  readonly trains?: TrainedPart;
  /** What another run came to, of the same kind and shape, to begin with; without it the policy begins as the base model. */
  readonly from?: Uint8Array;
}

export interface LearnMetrics {
  readonly loss: number;
  readonly policyLoss: number;
  /** Mean k3 estimate per token of the divergence from the reference, in nats. */
  readonly kl: number;
  readonly entropy: number;
  /** Share of tokens whose loss a bound of the clip, or the dual clip, decided. */
  readonly clipFraction: number;
  /** Of these the lower bound, and the upper one. */
  readonly clipFractionLow: number;
  readonly clipFractionHigh: number;
  /** Mean probability ratio to the old policy. */
  readonly ratio: number;
  /** Mean k3 estimate per token of the divergence from the old policy, in nats. */
  readonly oldKl: number;
  /** Mean importance weight, 1 without weights. */
  readonly importanceMean: number;
  /** Share of tokens whose importance weight the cap cut. */
  readonly importanceTruncated: number;
  /** Global L2 norm of the gradient before clipping. */
  readonly gradNorm: number;
  /** What the gradient was multiplied by, 0 to 1; below 1 where it was clipped. */
  readonly clipScale: number;
  readonly learningRate: number;
  /** Global L2 norm of what was added to the adapter; 0 where the update was left out. */
  readonly updateNorm: number;
  /** Global L2 norm of the adapter that the step ends with. */
  readonly parameterNorm: number;
  /** Tokens that carried loss. */
  readonly tokens: number;
  /** Tokens that the model read, every sequence counted for itself. */
  readonly sequenceTokens: number;
  /** Those that were computed: what sequences of a group begin with alike counts once. */
  readonly computedTokens: number;
  /** Reason code where the update was left out (non-finite gradients), else null. */
  readonly skipped: string | null;
  /** Of `dpo`: the share of pairs whose chosen sample gains more, and by how much in the mean; null otherwise. */
  readonly preference: { readonly accuracy: number; readonly margin: number } | null;
}

export interface LearnRequest {
  readonly state: PolicyState;
  readonly groups: readonly (LearnGroup | TrajectoryGroup)[];
  readonly hyperparameters: LearnHyperparameters;
  /** The adapter of the reference that penalties and `dpo` keep to; null for the base model. @defaultValue null */
  readonly reference?: Uint8Array | null;
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
  initState(options: StateOptions, call: CallOptions): Promise<PolicyState>;
  sample(request: SampleRequest, call: CallOptions): Promise<readonly Sample[]>;
  learn(request: LearnRequest, call: CallOptions): Promise<LearnResult>;
  close(): Promise<void>;
}

export interface EngineOptions {
  /** Hugging Face folder: config.json, *.safetensors. */
  readonly modelDir: string;
  readonly threads: number;
  /** Folder of widened weights and remembered hashes. @defaultValue one of this user's in the system's temporary folder */
  readonly cacheDir?: string;
  /** Rows of tokens that one learning run may have; a group that is longer has a run of its own. @defaultValue 2048 */
  readonly maxRows?: number;
  /**
   * Computes inner values of the layers again in the backward pass instead of keeping them, which takes a
   * fraction of the memory and about a third more time. A group that does not fit otherwise is learned so
   * anyway: its gradients are the same bits. @defaultValue false
   */
  readonly recomputes?: boolean;
  /**
   * Bytes that the engine's process may hold, the mapped weights included. A run that would take more is
   * refused with `MODEL_MEMORY`. Not looked at on a GPU.
   * @defaultValue what its cgroups leave and the system has available when a run starts
   */
  readonly memoryLimitBytes?: number;
  /** @defaultValue the processor */
  readonly device?: Device;
  /** Type of the base weights and of products; a processor knows f32 only. @defaultValue `f32`, on a GPU `bf16` */
  readonly precision?: Precision;
}
