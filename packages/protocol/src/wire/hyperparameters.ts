import {
  AGGREGATIONS,
  IMPORTANCE_LEVELS,
  KL_ESTIMATORS,
  OBJECTIVES,
  OLD_LOGPROBS,
  POLICY_ESTIMATORS,
} from '@residency/algorithms';
import { ResidencyError } from '../errors.js';
import type {
  Hyperparameters as HyperparametersMessage,
  LearningRateSchedule as LearningRateScheduleMessage,
} from '../gen/residency/v1/learner_pb.js';
import { type LearningRateSchedule, type RunHyperparameters, SCHEDULE_SHAPES } from '../job-spec.js';

/** One of the known names. @throws ResidencyError `invalid_request` naming the field and the names. */
function known<const N extends string>(field: string, found: string, names: readonly N[]): N {
  const name = names.find((one) => one === found);
  if (name !== undefined) return name;
  const param = `hyperparameters.${field}`;
  throw new ResidencyError(
    'invalid_request',
    `${param}: found ${JSON.stringify(found)}, wanted one of ${names.join(', ')}`,
    { param },
  );
}

function scheduleFromProto(message: LearningRateScheduleMessage): LearningRateSchedule {
  const { warmupSteps, totalSteps, minShare } = message;
  const shape = known('schedule.shape', message.shape, SCHEDULE_SHAPES);
  return { shape, warmupSteps, totalSteps, minShare };
}

/**
 * The settings of a message. Fields that it lacks are lacking in the answer too, so that messages from before a
 * field existed say what they said then.
 * @throws ResidencyError `invalid_request` naming the field whose name is unknown.
 */
export function hyperparametersFromProto(message: HyperparametersMessage): RunHyperparameters {
  const { estimator, aggregation, fixedLength, klEstimator, entropyCoefficient, dualClip } = message;
  const { importance, importanceCap, oldLogprobs, schedule, objective, dpoBeta, labelSmoothing } = message;
  return {
    // In this order: a step's digest is taken over it.
    learningRate: message.learningRate,
    adamBeta1: message.adamBeta1,
    adamBeta2: message.adamBeta2,
    adamEpsilon: message.adamEpsilon,
    weightDecay: message.weightDecay,
    maxGradNorm: message.maxGradNorm,
    clipLow: message.clipLow,
    clipHigh: message.clipHigh,
    klCoefficient: message.klCoefficient,
    temperature: message.temperature,
    ...(estimator !== undefined && { estimator: known('estimator', estimator, POLICY_ESTIMATORS) }),
    ...(aggregation !== undefined && { aggregation: known('aggregation', aggregation, AGGREGATIONS) }),
    ...(fixedLength !== undefined && { fixedLength }),
    ...(klEstimator !== undefined && { klEstimator: known('kl_estimator', klEstimator, KL_ESTIMATORS) }),
    ...(entropyCoefficient !== undefined && { entropyCoefficient }),
    ...(dualClip !== undefined && { dualClip }),
    ...(importance !== undefined && { importance: known('importance', importance, IMPORTANCE_LEVELS) }),
    ...(importanceCap !== undefined && { importanceCap }),
    ...(oldLogprobs !== undefined && { oldLogprobs: known('old_logprobs', oldLogprobs, OLD_LOGPROBS) }),
    ...(schedule !== undefined && { schedule: scheduleFromProto(schedule) }),
    ...(objective !== undefined && { objective: known('objective', objective, OBJECTIVES) }),
    ...(dpoBeta !== undefined && { dpoBeta }),
    ...(labelSmoothing !== undefined && { labelSmoothing }),
  };
}
