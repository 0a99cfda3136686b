import { createHash } from 'node:crypto';
import type { CallOptions, Engine, LearnMetrics, LearnRequest } from '@residency/model';
import {
  joinGroup,
  type LearnAnswer,
  type LearnGroup,
  type LearnHeader,
  type LearnPart,
  type LearnStepMetrics,
  type LearnTrajectory,
  ResidencyError,
} from '@residency/protocol';
import { type ArtifactStore, putBytes, readBytes } from '@residency/storage';
import { engineHyperparameters } from './engine-hyperparameters.js';
import type { PolicyManifest, PolicyManifests } from './policy-manifest.js';

/** A training step as it was asked for: the header, and its groups in index order. */
export interface StepRequest {
  readonly header: LearnHeader;
  readonly groups: readonly LearnGroup[];
}

function refuse(message: string, param: string): ResidencyError {
  return new ResidencyError('invalid_request', message, { param });
}

function checkGroup(header: LearnHeader, group: LearnGroup, expectedIndex: number): void {
  if (group.index !== expectedIndex) {
    throw refuse(`group index: found ${group.index}, wanted ${expectedIndex}`, 'group.index');
  }
  if (group.policySha256 !== header.policy.sha256) {
    throw new ResidencyError(
      'policy_mismatch',
      `group ${group.index}: found samples of policy ${group.policySha256}, wanted ${header.policy.sha256}`,
      { param: 'group.policy_sha256' },
    );
  }
  for (const [at, sample] of group.samples.entries()) {
    if (sample.ids.length === sample.logprobs.length) continue;
    throw refuse(
      `group ${group.index} sample ${at}: found ${sample.ids.length} ids and ${sample.logprobs.length} log-probabilities, wanted as many`,
      'group.samples',
    );
  }
}

function checkTrajectories(index: number, trajectories: readonly LearnTrajectory[]): void {
  for (const [at, { targets, logprobs, advantages }] of trajectories.entries()) {
    if (targets.length === logprobs.length && targets.length === advantages.length) continue;
    throw refuse(
      `group ${index} trajectory ${at}: found ${targets.length} targets, ${logprobs.length} log-probabilities and ${advantages.length} advantages, wanted as many`,
      'group.trajectories',
    );
  }
}

/**
 * Reads a Learn stream to its end.
 * @throws ResidencyError `invalid_request` for a stream out of order, `policy_mismatch` for a group of another version.
 */
export async function readStep(parts: AsyncIterable<LearnPart>): Promise<StepRequest> {
  let header: LearnHeader | undefined;
  const groups: LearnGroup[] = [];
  for await (const part of parts) {
    if (part.kind === 'header') {
      if (header !== undefined) throw refuse('header: found a second one, wanted groups', 'header');
      header = part.header;
      if (header.policy.version !== header.step) {
        throw refuse(
          `policy.version: found ${header.policy.version}, wanted the step's ${header.step}`,
          'policy',
        );
      }
      continue;
    }
    if (header === undefined) throw refuse('header: found a group, wanted the header first', 'header');
    const before = groups.at(-1);
    if (before?.continues) groups[groups.length - 1] = joinGroup(before, part.group);
    else {
      checkGroup(header, part.group, groups.length);
      groups.push(part.group);
    }
  }
  if (header === undefined) throw refuse('header: found an empty stream, wanted a header', 'header');
  if (groups.length !== header.groupCount || groups.length === 0) {
    throw refuse(
      `groups: found ${groups.length}, wanted ${header.groupCount} and at least one`,
      'group_count',
    );
  }
  if (groups.at(-1)?.continues)
    throw refuse(
      `group ${groups.length - 1}: found the end of the stream, wanted the rest of its trajectories`,
      'group',
    );
  for (const { index, trajectories = [] } of groups) checkTrajectories(index, trajectories);
  return { header, groups };
}

/** Names the inputs of a step besides its job: two requests with one digest must give one version. */
export function stepDigest(step: StepRequest): string {
  const { jobId: _jobId, ...header } = step.header;
  // As one text it may be longer than a text can be.
  const hash = createHash('sha256').update(`[${JSON.stringify(header)},[`);
  for (const [at, group] of step.groups.entries())
    hash.update(`${at === 0 ? '' : ','}${JSON.stringify(group)}`);
  return hash.update(']]').digest('hex');
}

function answerOf(manifest: PolicyManifest): LearnAnswer {
  if (manifest.metrics === null) throw new ResidencyError('internal', 'internal: version 0 was not learned');
  return {
    policy: { version: manifest.version, sha256: manifest.adapterSha256 },
    metrics: manifest.metrics,
  };
}

function sameInputs(manifest: PolicyManifest, digest: string): PolicyManifest {
  if (manifest.inputsSha256 === digest) return manifest;
  throw new ResidencyError(
    'learn_conflict',
    `step ${manifest.version - 1} of ${manifest.jobId}: found other groups or settings than it was taken from`,
  );
}

async function parentOf(header: LearnHeader, manifests: PolicyManifests): Promise<PolicyManifest> {
  const parent = await manifests.read(header.jobId, header.step);
  if (parent === null) {
    throw new ResidencyError('policy_not_found', `${header.jobId}: found no policy version ${header.step}`);
  }
  if (parent.adapterSha256 !== header.policy.sha256) {
    throw new ResidencyError(
      'policy_mismatch',
      `policy version ${header.step}: found ${header.policy.sha256}, wanted ${parent.adapterSha256}`,
      { param: 'policy.sha256' },
    );
  }
  return parent;
}

export interface LearnContext {
  readonly store: ArtifactStore;
  readonly manifests: PolicyManifests;
  readonly engine: (model: string) => Promise<Engine>;
  readonly call: CallOptions;
}

/** The adapter that penalties and preferences keep to: the one that the run began with; none for the base model, or where nothing keeps to it. */
async function referenceOf(
  { jobId, hyperparameters }: LearnHeader,
  context: LearnContext,
): Promise<Uint8Array | null> {
  const { klCoefficient, objective } = hyperparameters;
  if (klCoefficient === 0 && objective !== 'dpo') return null;
  const origin = await context.manifests.read(jobId, 0);
  return origin?.parentSha256 === undefined ? null : await readBytes(context.store, origin.parentSha256);
}

function metricsOf({ preference, ...metrics }: LearnMetrics): LearnStepMetrics {
  if (preference === null) return metrics;
  return { ...metrics, preferenceAccuracy: preference.accuracy, preferenceMargin: preference.margin };
}

/** The kept answer of a step that was taken before, else null. @throws ResidencyError `learn_conflict`. */
export async function takenStep(step: StepRequest, manifests: PolicyManifests): Promise<LearnAnswer | null> {
  const taken = await manifests.read(step.header.jobId, step.header.step + 1);
  return taken === null ? null : answerOf(sameInputs(taken, stepDigest(step)));
}

/** A version, and what the engine computes by and from. */
interface OpenStep {
  readonly parent: PolicyManifest;
  readonly engine: Engine;
  readonly request: Omit<LearnRequest, 'hyperparameters'>;
}

/**
 * The version that a step begins with.
 * @throws ResidencyError `policy_not_found`, `policy_mismatch`
 */
export async function openStep({ header, groups }: StepRequest, context: LearnContext): Promise<OpenStep> {
  const { store, manifests } = context;
  const parent = await parentOf(header, manifests);
  const engine = await context.engine(header.model);
  if (engine.model.sha256 !== parent.modelSha256) {
    throw new ResidencyError(
      'policy_mismatch',
      `model ${header.model}: found weights ${engine.model.sha256}, wanted ${parent.modelSha256}`,
    );
  }
  const state = {
    adapter: await readBytes(store, parent.adapterSha256),
    optimizer: await readBytes(store, parent.optimizerSha256),
  };
  const reference = await referenceOf(header, context);
  return { parent, engine, request: { state, groups, ...(reference !== null && { reference }) } };
}

/**
 * Takes a training step and keeps the new version before answering; a step that was taken is not taken again.
 * @throws ResidencyError `policy_not_found`, `policy_mismatch`, `learn_conflict`, `engine_failed`, `engine_deadline`,
 *   `memory_exceeded`; ModelError `MODEL_REQUEST` for settings that make no sense.
 */
export async function learnStep(step: StepRequest, context: LearnContext): Promise<LearnAnswer> {
  const { store, manifests } = context;
  const { header } = step;
  const taken = await takenStep(step, manifests);
  if (taken !== null) return taken;
  const { parent, engine, request } = await openStep(step, context);
  const hyperparameters = engineHyperparameters(header.hyperparameters, header.step);
  const result = await engine.learn({ ...request, hyperparameters }, context.call);
  const adapter = await putBytes(store, result.state.adapter);
  const optimizer = await putBytes(store, result.state.optimizer);
  const digest = stepDigest(step);
  const kept = await manifests.write({
    jobId: header.jobId,
    version: header.step + 1,
    model: header.model,
    modelSha256: parent.modelSha256,
    adapterSha256: adapter.sha256,
    optimizerSha256: optimizer.sha256,
    inputsSha256: digest,
    metrics: metricsOf(result.metrics),
  });
  return answerOf(sameInputs(kept, digest));
}
