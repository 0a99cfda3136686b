import type { MessageInitShape } from '@bufbuild/protobuf';
import { ResidencyError } from '../errors.js';
import type {
  PolicyRef as PolicyRefMessage,
  RunSpec as RunSpecMessage,
} from '../gen/residency/v1/common_pb.js';
import type {
  LearnGroup as LearnGroupMessage,
  LearnHeader as LearnHeaderMessage,
  LearnRequest,
  LearnRequestSchema,
  LearnResponse,
  LearnResponseSchema,
  OpenRunRequest,
  OpenRunRequestSchema,
  ScoreRequest,
  ScoreRequestSchema,
  ScoreResponse,
  ScoreResponseSchema,
} from '../gen/residency/v1/learner_pb.js';
import type { PolicyRef, RunHyperparameters } from '../job-spec.js';
import { hyperparametersFromProto } from './hyperparameters.js';
import { type LearnStepMetrics, stepMetricsFromProto, stepMetricsToProto } from './step-metrics.js';

/** What policy version 0 of a run is made from. */
export interface RunOpening {
  readonly jobId: string;
  readonly model: string;
  readonly seed: number;
  readonly loraRank: number;
  readonly loraAlpha: number;
  /** Adapter that it begins with; absent: none. */
  readonly parentSha256?: string;
  /** Absent: an adapter of that rank and alpha. */
  readonly trains?: 'full';
}

/** Opens a step: which version learns, and how. */
export interface LearnHeader {
  readonly jobId: string;
  readonly step: number;
  readonly model: string;
  readonly policy: PolicyRef;
  readonly hyperparameters: RunHyperparameters;
  readonly groupCount: number;
}

export interface LearnSample {
  readonly ids: readonly number[];
  readonly logprobs: readonly number[];
  readonly advantage: number;
}

/** An episode as one sequence; see the engine's type of that name. */
export interface LearnTrajectory {
  readonly ids: readonly number[];
  readonly targets: readonly number[];
  readonly logprobs: readonly number[];
  readonly advantages: readonly number[];
}

export interface LearnGroup {
  readonly index: number;
  readonly policySha256: string;
  readonly promptIds: readonly number[];
  readonly samples: readonly LearnSample[];
  /** Of an agent, in place of prompt and samples. */
  readonly trajectories?: readonly LearnTrajectory[];
  /** Whether the next message has more of them. */
  readonly continues?: true;
}

export interface LearnAnswer {
  readonly policy: PolicyRef;
  readonly metrics: LearnStepMetrics;
}

/** What groups lose under a version that nothing was learned by. */
export interface ScoreAnswer
  extends Pick<LearnStepMetrics, 'loss' | 'tokens' | 'preferenceAccuracy' | 'preferenceMargin'> {}

export type LearnPart =
  | { readonly kind: 'header'; readonly header: LearnHeader }
  | { readonly kind: 'group'; readonly group: LearnGroup };

function missing(what: string): ResidencyError {
  return new ResidencyError('invalid_request', `${what}: found nothing, wanted a value`, { param: what });
}

export function policyRefFromProto(message: PolicyRefMessage | undefined): PolicyRef {
  if (message === undefined) throw missing('policy');
  return { version: message.version, sha256: message.sha256 };
}

export function runToProto(run: RunOpening): MessageInitShape<typeof OpenRunRequestSchema> {
  return { run: { ...run } };
}

export function runFromProto(message: OpenRunRequest): RunOpening {
  const run: RunSpecMessage | undefined = message.run;
  if (run === undefined) throw missing('run');
  const { jobId, model, seed, loraRank, loraAlpha, parentSha256, trains = 'lora' } = run;
  if (trains !== 'lora' && trains !== 'full') {
    throw new ResidencyError(
      'invalid_request',
      `run.trains: found ${JSON.stringify(trains)}, wanted lora or full`,
      { param: 'run.trains' },
    );
  }
  return {
    jobId,
    model,
    seed,
    loraRank,
    loraAlpha,
    ...(parentSha256 !== undefined && { parentSha256 }),
    ...(trains === 'full' && { trains }),
  };
}

export function learnPartToProto(part: LearnPart): MessageInitShape<typeof LearnRequestSchema> {
  if (part.kind === 'header') return { part: { case: 'header', value: part.header } };
  const { group } = part;
  return {
    part: {
      case: 'group',
      value: {
        index: group.index,
        policySha256: group.policySha256,
        continues: group.continues ?? false,
        promptIds: [...group.promptIds],
        samples: group.samples.map((sample) => ({
          ids: [...sample.ids],
          logprobs: [...sample.logprobs],
          advantage: sample.advantage,
        })),
        trajectories: (group.trajectories ?? []).map(({ ids, targets, logprobs, advantages }) => ({
          ids: [...ids],
          targets: [...targets],
          logprobs: [...logprobs],
          advantages: [...advantages],
        })),
      },
    },
  };
}

function headerFromProto(message: LearnHeaderMessage): LearnHeader {
  if (message.hyperparameters === undefined) throw missing('hyperparameters');
  return {
    jobId: message.jobId,
    step: message.step,
    model: message.model,
    policy: policyRefFromProto(message.policy),
    hyperparameters: hyperparametersFromProto(message.hyperparameters),
    groupCount: message.groupCount,
  };
}

function groupFromProto(message: LearnGroupMessage): LearnGroup {
  return {
    index: message.index,
    policySha256: message.policySha256,
    promptIds: message.promptIds,
    samples: message.samples.map(({ ids, logprobs, advantage }) => ({ ids, logprobs, advantage })),
    ...(message.continues && { continues: true as const }),
    ...(message.trajectories.length > 0 && {
      trajectories: message.trajectories.map(({ ids, targets, logprobs, advantages }) => ({
        ids,
        targets,
        logprobs,
        advantages,
      })),
    }),
  };
}

export function learnPartFromProto(message: LearnRequest): LearnPart {
  if (message.part.case === 'header') return { kind: 'header', header: headerFromProto(message.part.value) };
  if (message.part.case === 'group') return { kind: 'group', group: groupFromProto(message.part.value) };
  throw missing('part');
}

export function learnAnswerToProto(answer: LearnAnswer): MessageInitShape<typeof LearnResponseSchema> {
  return { policy: { ...answer.policy }, metrics: stepMetricsToProto(answer.metrics) };
}

export function learnAnswerFromProto(message: LearnResponse): LearnAnswer {
  if (message.metrics === undefined) throw missing('metrics');
  return { policy: policyRefFromProto(message.policy), metrics: stepMetricsFromProto(message.metrics) };
}

export function scorePartToProto(part: LearnPart): MessageInitShape<typeof ScoreRequestSchema> {
  return { part: learnPartToProto(part) };
}

export function scorePartFromProto(message: ScoreRequest): LearnPart {
  if (message.part === undefined) throw missing('part');
  return learnPartFromProto(message.part);
}

export function scoreAnswerToProto({
  tokens,
  ...numbers
}: ScoreAnswer): MessageInitShape<typeof ScoreResponseSchema> {
  return { ...numbers, tokens: BigInt(tokens) };
}

export function scoreAnswerFromProto(message: ScoreResponse): ScoreAnswer {
  const { loss, tokens, preferenceAccuracy, preferenceMargin } = message;
  return {
    loss,
    tokens: Number(tokens),
    ...(preferenceAccuracy !== undefined && { preferenceAccuracy }),
    ...(preferenceMargin !== undefined && { preferenceMargin }),
  };
}
