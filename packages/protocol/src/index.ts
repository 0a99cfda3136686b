export { packPrompts, turnPrompts } from './episode.js';
export {
  type ErrorCode,
  type ErrorEntry,
  errorCatalogue,
  type GrpcStatusName,
  isErrorCode,
  ResidencyError,
  type ResidencyErrorOptions,
  toResidencyError,
} from './errors.js';
export { AdvantageService } from './gen/residency/v1/advantage_pb.js';
export { EnvironmentService } from './gen/residency/v1/environment_pb.js';
export { LearnerService } from './gen/residency/v1/learner_pb.js';
export type {
  EpisodeTurn,
  GroupGrades,
  RewardComponent,
  SampledCompletion,
  SampledEpisode,
  SampledGroup,
  SampleErrors,
  SampleGrade,
  UngradedReason,
} from './group.js';
export { Bell } from './grpc/bell.js';
export { type Client, type ClientOptions, openClient, type RpcOptions } from './grpc/client.js';
export { type AnyService, MAX_MESSAGE_BYTES, serviceDefinition } from './grpc/definition.js';
export { Outbox } from './grpc/outbox.js';
export { defaultRetryPolicy, type RetryPolicy, serviceConfig } from './grpc/retry.js';
export { addService, type CallContext, type Handlers } from './grpc/server.js';
export {
  type AdvantageSettings,
  type AgentForm,
  type AgentPromptStyle,
  type AgentSettings,
  type DataMethod,
  type DatasetRef,
  type JobMethod,
  type JobSpec,
  type LearningRateSchedule,
  learnsFromSamples,
  methodOf,
  type ParentPolicy,
  type PolicyRef,
  RUN_ESTIMATORS,
  type RunEstimator,
  type RunHyperparameters,
  type SamplingFilters,
  SCHEDULE_SHAPES,
  type ScheduleShape,
} from './job-spec.js';
export { CONSTRAINTS, objectiveWeight } from './objective-weight.js';
export {
  MAX_PAYLOAD_BYTES,
  parsePayload,
  type QueueName,
  type QueueTypes,
  queueNames,
  type RewardPayload,
  type RewardResult,
  type RolloutPayload,
  type RolloutResult,
  type StepPayload,
  type StepResult,
  type UnitPayload,
} from './queue.js';
export { AGENT_READERS } from './rest/agent-settings.js';
export {
  type AgentRequest,
  type Auto,
  type CreateJobRequest,
  createJobSchema,
  type DpoHyperparameters,
  type MethodRequest,
  type ReinforcementHyperparameters,
  type SupervisedHyperparameters,
} from './rest/create-job.js';
export { type ErrorBody, toErrorResponse } from './rest/error.js';
export {
  type BestCheckpoint,
  type EvaluationSummary,
  type FileObject,
  type FilePurpose,
  finalStatuses,
  type JobEventObject,
  type JobObject,
  type JobStatus,
  type ListObject,
  type ModelObject,
  type ResidencyJob,
  uploadPurposes,
} from './rest/job.js';
export { type MethodSettings, methodSettings } from './rest/method-settings.js';
export type { ResidencyRequest } from './rest/residency-request.js';
export { settingDefaults } from './rest/setting-defaults.js';
export { type JobSources, resolveJobSpec, type StartingPoint } from './rest/settings.js';
export { type Check, compileCheck, schemaOf } from './schema.js';
export {
  isEvaluated,
  type Phase,
  takesRowsAsTheyStand,
  type Unit,
  unitAt,
  unitCount,
  unitDataset,
  unitGroups,
  unitJobId,
  unitKeyStep,
  unitPosition,
  unitTemperatures,
} from './unit.js';
export {
  type AdvantageGroup,
  type AdvantageQuestion,
  advantageRequestFromProto,
  advantageRequestToProto,
  advantageResponseFromProto,
  advantageResponseToProto,
  type RewardGroup,
  type RewardObjective,
} from './wire/advantage.js';
export {
  type EpisodeGroup,
  type EpisodeGroupAdvantages,
  type StepsQuestion,
  stepsRequestFromProto,
  stepsRequestToProto,
  stepsResponseFromProto,
  stepsResponseToProto,
  type WeighedStep,
} from './wire/advantage-steps.js';
export {
  type EpisodeCommand,
  type EpisodeRequest,
  type EpisodeResponse,
  type EpisodeResult,
  type EpisodeView,
  episodeRequestFromProto,
  episodeRequestToProto,
  episodeResponseFromProto,
  episodeResponseToProto,
} from './wire/environment.js';
export { joinGroup, splitGroup } from './wire/learn-parts.js';
export {
  type LearnAnswer,
  type LearnGroup,
  type LearnHeader,
  type LearnPart,
  type LearnSample,
  type LearnTrajectory,
  learnAnswerFromProto,
  learnAnswerToProto,
  learnPartFromProto,
  learnPartToProto,
  policyRefFromProto,
  type RunOpening,
  runFromProto,
  runToProto,
  type ScoreAnswer,
  scoreAnswerFromProto,
  scoreAnswerToProto,
  scorePartFromProto,
  scorePartToProto,
} from './wire/learner.js';
export { POLICY_CHUNK_BYTES, policyFromProto, policyToProto } from './wire/policy-stream.js';
export type { LearnStepMetrics, UpdateMetrics } from './wire/step-metrics.js';
