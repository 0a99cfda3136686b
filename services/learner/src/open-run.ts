import type { CallOptions, Engine } from '@residency/model';
import { type PolicyRef, ResidencyError, type RunOpening } from '@residency/protocol';
import { type ArtifactStore, putBytes, readBytes, sha256Of } from '@residency/storage';
import type { PolicyManifest, PolicyManifests } from './policy-manifest.js';

export interface OpenedRun {
  readonly policy: PolicyRef;
  readonly modelSha256: string;
}

function openedOf(manifest: PolicyManifest, digest: string): OpenedRun {
  if (manifest.inputsSha256 !== digest) {
    throw new ResidencyError(
      'run_conflict',
      `run ${manifest.jobId}: found other settings than it was opened with`,
    );
  }
  return { policy: { version: 0, sha256: manifest.adapterSha256 }, modelSha256: manifest.modelSha256 };
}

/**
 * Makes policy version 0 of a run, or answers with the one that exists.
 * @throws ResidencyError `model_not_found`, `policy_not_found`, `run_conflict`, `engine_failed`, `engine_deadline`.
 */
export async function openRun(
  run: RunOpening,
  context: {
    readonly store: ArtifactStore;
    readonly manifests: PolicyManifests;
    readonly engine: (model: string) => Promise<Engine>;
    readonly call: CallOptions;
  },
): Promise<OpenedRun> {
  const { store, manifests } = context;
  const { jobId, ...settings } = run;
  const digest = sha256Of(JSON.stringify(settings));
  const known = await manifests.read(jobId, 0);
  if (known !== null) return openedOf(known, digest);
  const engine = await context.engine(run.model);
  const { parentSha256 } = run;
  if (parentSha256 !== undefined && !(await manifests.hasAdapter(parentSha256))) {
    throw new ResidencyError('policy_not_found', `parent: found no policy ${parentSha256}`, {
      param: 'model',
    });
  }
  const from = parentSha256 === undefined ? {} : { from: await readBytes(store, parentSha256) };
  const state = await engine.initState(
    {
      seed: run.seed,
      rank: run.loraRank,
      alpha: run.loraAlpha,
      ...(run.trains && { trains: run.trains }),
      ...from,
    },
    context.call,
  );
  const adapter = await putBytes(store, state.adapter);
  const optimizer = await putBytes(store, state.optimizer);
  const kept = await manifests.write({
    jobId,
    version: 0,
    model: run.model,
    modelSha256: engine.model.sha256,
    adapterSha256: adapter.sha256,
    optimizerSha256: optimizer.sha256,
    inputsSha256: digest,
    ...(parentSha256 !== undefined && { parentSha256 }),
    metrics: null,
  });
  return openedOf(kept, digest);
}
