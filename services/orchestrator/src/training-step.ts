import {
  type AdvantageGroup,
  type AdvantageService,
  advantageRequestToProto,
  advantageResponseFromProto,
  type Client,
  type JobSpec,
  type LearnAnswer,
  type LearnerService,
  type LearnGroup,
  type LearnPart,
  learnAnswerFromProto,
  learnPartToProto,
  ResidencyError,
  type RpcOptions,
  type SampledCompletion,
  type ScoreAnswer,
  type StepPayload,
  scoreAnswerFromProto,
  scorePartToProto,
  settingDefaults,
  splitGroup,
  takesRowsAsTheyStand,
} from '@residency/protocol';
import type { GradedGroup } from '@residency/storage';
import { trajectoriesOf, weighEpisodes } from './episodes.js';
import { componentMeans } from './evaluation.js';
import { constrained, diagnosisOf, gradedSamples, objectivesOf } from './reward-parts.js';

const ADVANTAGE_DEADLINE_MS = 60_000;

/** The groups that have something to learn from: those of which no sample has a reward are left out of their step. */
function gradedGroups(groups: readonly GradedGroup[]): GradedGroup[] {
  const graded = groups.filter((group) => gradedSamples(group).length > 0);
  if (graded.length > 0) return graded;
  throw new ResidencyError('group_ungraded', `step: found no graded sample in ${groups.length} groups`);
}

/**
 * Advantages of every group's graded samples, in group order; none of groups without a graded sample.
 * @throws ResidencyError `group_ungraded` where no group has one
 */
export async function weighGroups(
  client: Client<typeof AdvantageService>,
  groups: readonly GradedGroup[],
  { agent, advantage: chosen }: Pick<JobSpec, 'advantage' | 'agent'>,
  options: Omit<RpcOptions, 'deadlineMs'>,
): Promise<AdvantageGroup[]> {
  if (agent !== undefined)
    return await weighEpisodes(client, gradedGroups(groups), { agent, advantage: chosen }, options);
  const { estimator, stdFloor, objectiveWeights = {} } = chosen ?? { estimator: settingDefaults.advantage };
  const question = {
    estimator,
    ...(stdFloor !== undefined && { stdFloor }),
    groups: gradedGroups(groups).map((graded) => ({
      index: graded.group.index,
      rewards: gradedSamples(graded).map(({ reward }) => reward),
      ...(estimator === 'decoupled' && { objectives: objectivesOf(graded, objectiveWeights) }),
    })),
  };
  const response = await client.estimate(advantageRequestToProto(question), {
    ...options,
    deadlineMs: ADVANTAGE_DEADLINE_MS,
  });
  const answer = advantageResponseFromProto(response);
  for (const [at, { index, rewards }] of question.groups.entries()) {
    const weighed = answer[at];
    if (weighed?.index === index && weighed.advantages.length === rewards.length) continue;
    throw new ResidencyError(
      'internal',
      `advantages of group ${index}: found another group or count than was asked`,
    );
  }
  if (estimator !== 'decoupled') return answer;
  const byIndex = new Map(groups.map((graded) => [graded.group.index, graded]));
  return answer.map((weighed) => {
    const graded = byIndex.get(weighed.index);
    return graded ? { ...weighed, advantages: constrained(graded, weighed.advantages) } : weighed;
  });
}

/** What groups that are learned from as they stand weigh: what they were graded with, neither centred nor scaled. */
export function givenAdvantages(groups: readonly GradedGroup[]): AdvantageGroup[] {
  return groups.map((graded) => {
    const advantages = gradedSamples(graded).map(({ reward }) => reward);
    return { index: graded.group.index, advantages, mean: 0, std: 1 };
  });
}

function learnGroup(graded: GradedGroup, weighed: AdvantageGroup | undefined, index: number): LearnGroup {
  const { group } = graded;
  const steps = weighed?.steps;
  if (steps !== undefined) {
    const trajectories = gradedSamples(graded).flatMap(({ at }, place) => {
      const sample = group.samples[at];
      return sample === undefined ? [] : trajectoriesOf(sample, steps[place] ?? []);
    });
    return { index, policySha256: group.policy.sha256, promptIds: [], samples: [], trajectories };
  }
  const samples = gradedSamples(graded).map(({ at }, place) => {
    const sample = group.samples[at];
    return {
      ids: sample?.ids ?? [],
      logprobs: sample?.logprobs ?? [],
      advantage: weighed?.advantages[place] ?? 0,
    };
  });
  return { index, policySha256: group.policy.sha256, promptIds: group.promptIds, samples };
}

/** Groups of a unit with what they weigh. */
interface Weighed {
  readonly payload: StepPayload;
  readonly spec: JobSpec;
  readonly groups: readonly GradedGroup[];
  readonly advantages: readonly AdvantageGroup[];
}

/** A step in parts: the header, then its groups with a graded sample, in index order and counted anew. */
async function* partsOf<M>(
  { payload, spec, groups, advantages }: Weighed,
  toProto: (part: LearnPart) => M,
): AsyncGenerator<M, void, undefined> {
  const learned = gradedGroups(groups);
  const weighed = new Map(advantages.map((group) => [group.index, group]));
  const header: LearnPart = {
    kind: 'header',
    header: {
      jobId: payload.jobId,
      step: payload.step,
      model: spec.model,
      policy: payload.policy,
      hyperparameters: spec.hyperparameters,
      groupCount: learned.length,
    },
  };
  yield toProto(header);
  for (const [at, graded] of learned.entries()) {
    const group = learnGroup(graded, weighed.get(graded.group.index), at);
    for (const part of splitGroup(group)) yield toProto({ kind: 'group', group: part });
  }
}

/** Streams a step to the learner, which takes it. */
export async function learnGroups(
  client: Client<typeof LearnerService>,
  weighed: Weighed,
  options: RpcOptions,
): Promise<LearnAnswer> {
  return learnAnswerFromProto(await client.learn(partsOf(weighed, learnPartToProto), options));
}

/** Streams groups that are taken as they stand to the learner, which measures their loss. */
export async function scoreGroups(
  client: Client<typeof LearnerService>,
  unit: Omit<Weighed, 'advantages'>,
  options: RpcOptions,
): Promise<ScoreAnswer> {
  const weighed = { ...unit, advantages: givenAdvantages(unit.groups) };
  return scoreAnswerFromProto(await client.score(partsOf(weighed, scorePartToProto), options));
}

const average = (values: readonly number[]): number | null =>
  values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Whether a sample counts in means: an episode that ended abnormally does not. */
const isWhole = ({ episode }: SampledCompletion): boolean => (episode?.failure ?? null) === null;

/** What the policy said: a completion, or each response of an episode. */
const responsesOf = (sample: SampledCompletion): readonly Pick<SampledCompletion, 'stopReason'>[] =>
  sample.episode?.turns ?? [sample];

/** The numbers of a step: a row of the result file and the data of its metrics event. */
export function stepRow(
  payload: StepPayload,
  spec: JobSpec,
  groups: readonly GradedGroup[],
  advantages: readonly AdvantageGroup[],
  answer: LearnAnswer,
  ledgerSha256: string,
): Record<string, unknown> {
  const grades = groups.flatMap((graded) => graded.grades.grades);
  const rewards = grades.flatMap((grade) => (grade.graded ? [grade.total] : []));
  const samples = groups.flatMap(({ group }) => group.samples.filter(isWhole));
  const responses = samples.flatMap(responsesOf);
  const { metrics, policy } = answer;
  const isSampled = !takesRowsAsTheyStand(spec, payload);
  return {
    step: payload.step + 1,
    total_steps: spec.steps,
    train_mean_reward: isSampled ? average(rewards) : null,
    reward_std_mean: isSampled ? average(advantages.map(({ std }) => std)) : null,
    mean_unresponsive_rewards: (grades.length - rewards.length) / Math.max(1, grades.length),
    completion_tokens_mean: average(samples.map(({ ids }) => ids.length)),
    truncated_mean: average(responses.map(({ stopReason }) => (stopReason === 'length' ? 1 : 0))),
    loss: metrics.loss,
    policy_loss: metrics.policyLoss,
    kl: metrics.kl,
    entropy: metrics.entropy,
    clip_fraction: metrics.clipFraction,
    clip_fraction_low: metrics.clipFractionLow ?? null,
    clip_fraction_high: metrics.clipFractionHigh ?? null,
    ratio: metrics.ratio ?? null,
    old_kl: metrics.oldKl ?? null,
    importance_mean: metrics.importanceMean ?? null,
    importance_truncated: metrics.importanceTruncated ?? null,
    grad_norm: metrics.gradNorm,
    clip_scale: metrics.clipScale ?? null,
    learning_rate: metrics.learningRate ?? null,
    update_norm: metrics.updateNorm ?? null,
    parameter_norm: metrics.parameterNorm ?? null,
    preference_accuracy: metrics.preferenceAccuracy ?? null,
    preference_margin: metrics.preferenceMargin ?? null,
    tokens: metrics.tokens,
    skipped: metrics.skipped,
    policy_version: policy.version,
    adapter_sha256: policy.sha256,
    ledger_sha256: ledgerSha256,
    components: componentMeans(grades),
    ...(isSampled && { diagnosis: diagnosisOf(groups) }),
  };
}
