import { isTensorErrorCode, TensorError } from '../errors.js';
import { type CallLimits, ComputeProcess } from '../process/compute-process.js';
import type { LoadedModel, SessionRunner, TensorData } from './runner.js';

/**
 * Runs models in a child process: the caller's event loop stays free, a call can be cancelled or time out, and a native
 * crash rejects the call instead of ending the service. Models must be loaded again after a kill or a crash.
 * @param env variables that the child gets beside those of this process: NVIDIA_TF32_OVERRIDE=1 allows TF32, for instance
 */
export function createChildRunner(
  defaults: CallLimits,
  env: Readonly<Record<string, string>> = {},
): SessionRunner {
  const source = import.meta.url.endsWith('.ts');
  const child = new ComputeProcess({
    entry: new URL(source ? './child-main.ts' : './child-main.js', import.meta.url),
    init: null,
    env,
    toError: (code, message) =>
      isTensorErrorCode(code) ? new TensorError(code, message) : new Error(message),
  });
  return {
    load: (model, limits = defaults) => child.call<LoadedModel>('load', model, limits),
    run: (id, feeds, limits = defaults) =>
      child.call<Record<string, TensorData>>('run', { id, feeds }, limits),
    release: (id) => child.call<void>('release', id, defaults),
    close: () => child.close(),
  };
}
