import {
  type AdvantageGroup,
  type AdvantageService,
  type Client,
  type EvaluationSummary,
  type JobSpec,
  type LearnerService,
  learnsFromSamples,
  methodOf,
  ResidencyError,
  type RpcOptions,
  type StepPayload,
  type StepResult,
  takesRowsAsTheyStand,
  unitPosition,
} from '@residency/protocol';
import type { WorkContext } from '@residency/service';
import {
  type ArtifactStore,
  type GradedGroup,
  type JobChanges,
  type JobRecord,
  type Jobs,
  type Ledger,
  metricsEvent,
} from '@residency/storage';
import { archiveUnit } from './archive.js';
import { betterOf, checkpointOf } from './best-checkpoint.js';
import { summarise, summariseLoss } from './evaluation.js';
import { givenAdvantages, learnGroups, scoreGroups, stepRow, weighGroups } from './training-step.js';

export interface StepContext {
  readonly jobs: Jobs;
  readonly ledger: Ledger;
  readonly store: ArtifactStore;
  readonly advantage: Client<typeof AdvantageService>;
  readonly learner: Client<typeof LearnerService>;
  /** Milliseconds that the learner may take for one step. */
  readonly learnTimeoutMs: number;
}

/** What a unit leaves behind. */
interface Conclusion {
  readonly changes: JobChanges;
  readonly tokens: number;
  readonly row: Readonly<Record<string, unknown>> | null;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly ledgerSha256: string;
}

interface Work {
  readonly payload: StepPayload;
  readonly record: JobRecord;
  readonly groups: readonly GradedGroup[];
  readonly context: StepContext;
  readonly work: WorkContext;
}

type Place = 'before' | 'during' | 'after';

const placeOf = (step: number, steps: number): Place =>
  step === 0 ? 'before' : step === steps ? 'after' : 'during';

const PLACES: { readonly [P in Place]: (step: number) => string } = {
  before: () => 'Evaluation before training',
  during: (step) => `Evaluation after step ${step}`,
  after: () => 'Evaluation after training',
};

/** What a service is asked under. */
const callOptions = ({ payload, work }: Work): Omit<RpcOptions, 'deadlineMs'> => ({
  signal: work.signal,
  ...(payload.traceparent !== undefined && { traceparent: payload.traceparent }),
});

const learnOptions = (unit: Work): RpcOptions => ({
  ...callOptions(unit),
  deadlineMs: unit.context.learnTimeoutMs,
});

async function summaryOf(work: Work, ledgerSha256: string): Promise<EvaluationSummary> {
  const { payload, record, groups, context } = work;
  const { spec, before } = record;
  if (!takesRowsAsTheyStand(spec, payload)) return summarise(spec, payload, groups, ledgerSha256, before);
  const score = await scoreGroups(context.learner, { payload, spec, groups }, learnOptions(work));
  return summariseLoss(payload, score, { cases: groups.length, ledgerSha256 });
}

function evaluationHeadline({ mean_reward, loss }: EvaluationSummary): string {
  if (loss !== undefined) return `loss ${loss.toFixed(4)}`;
  return `mean reward ${mean_reward?.toFixed(3) ?? 'none'}`;
}

async function conclude(work: Work): Promise<Conclusion> {
  const { payload, record, groups, context } = work;
  const sha256 = await archiveUnit(context.store, groups, new Map());
  const summary = await summaryOf(work, sha256);
  const place = placeOf(payload.step, record.spec.steps);
  return {
    changes: {
      ...(place === 'before' && { before: summary }),
      ...(place === 'after' && { after: summary }),
      ...(place !== 'before' && { best: betterOf(record.best, checkpointOf(summary, payload.policy)) }),
    },
    tokens: 0,
    row: null,
    message: `${PLACES[place](payload.step)}: ${evaluationHeadline(summary)}`,
    data: { ...summary, phase: place },
    ledgerSha256: sha256,
  };
}

async function train(unit: Work): Promise<Conclusion> {
  const { payload, record, groups, context } = unit;
  const { spec } = record;
  const advantages = takesRowsAsTheyStand(spec, payload)
    ? givenAdvantages(groups)
    : await weighGroups(context.advantage, groups, spec, callOptions(unit));
  const weighedUnit = { payload, spec, groups, advantages };
  const answer = await learnGroups(context.learner, weighedUnit, learnOptions(unit));
  const weighed: ReadonlyMap<number, AdvantageGroup> = new Map(
    advantages.map((group) => [group.index, group]),
  );
  const sha256 = await archiveUnit(context.store, groups, weighed);
  const row = stepRow(payload, spec, groups, advantages, answer, sha256);
  return {
    changes: { policy: answer.policy },
    tokens: answer.metrics.tokens,
    row,
    message: `Step ${payload.step + 1}/${spec.steps}: ${stepHeadline(spec, row)}`,
    data: row,
    ledgerSha256: sha256,
  };
}

const phases: { readonly [P in StepPayload['phase']]: (work: Work) => Promise<Conclusion> } = {
  eval: conclude,
  train,
};

/** What a reader of the events wants to know of a step. */
function stepHeadline(spec: JobSpec, row: Readonly<Record<string, unknown>>): string {
  if (learnsFromSamples(methodOf(spec))) return `mean reward ${Number(row['train_mean_reward']).toFixed(3)}`;
  return `loss ${Number(row['loss']).toFixed(4)}`;
}

function checkPolicy(payload: StepPayload, groups: readonly GradedGroup[]): void {
  for (const { group } of groups) {
    if (group.policy.sha256 === payload.policy.sha256 && group.policy.version === payload.policy.version)
      continue;
    throw new ResidencyError(
      'policy_mismatch',
      `group ${group.index}: found samples of version ${group.policy.version} (${group.policy.sha256}), ` +
        `wanted version ${payload.policy.version} (${payload.policy.sha256})`,
    );
  }
}

/**
 * Carries out a unit whose groups are all graded: evaluates or learns, archives, and commits once. A crash before
 * the commit repeats work that has the same outcome; after it, nothing is done again.
 * @throws ResidencyError `group_missing`, `policy_mismatch`, and what the advantage service and the learner answer.
 */
export async function runUnit(
  payload: StepPayload,
  work: WorkContext,
  context: StepContext,
): Promise<StepResult> {
  const { jobs, ledger } = context;
  const { jobId, phase, step } = payload;
  const unit = { phase, step };
  const record = await jobs.get(jobId);
  if (record === null) throw new ResidencyError('job_not_found', `job: found no ${jobId}`);
  const position = unitPosition(record.spec, unit);
  if (record.position > position) return { outcome: 'already-committed' };
  const groups = await ledger.readUnit(jobId, unit, payload.groups);
  checkPolicy(payload, groups);
  const conclusion = await phases[phase]({ payload, record, groups, context, work });
  work.signal.throwIfAborted();
  const { changes, tokens, row, message, data, ledgerSha256 } = conclusion;
  const event = metricsEvent(message, data);
  const outcome = await jobs.commitUnit({ jobId, unit, position, changes, tokens, row, event, ledgerSha256 });
  return { outcome };
}
