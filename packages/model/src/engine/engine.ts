import { ComputeProcess, TensorError, type TensorErrorCode } from '@residency/tensor';
import type {
  CallOptions,
  Engine,
  EngineOptions,
  LearnResult,
  ModelInfo,
  PolicyState,
  Sample,
} from '../engine-types.js';
import { ModelError, type ModelErrorCode } from '../errors.js';

/** Longest that opening a model may take: hashing and widening the weights of a large one included. */
const OPEN_DEADLINE_MS = 600_000;

const ENGINE_CODES: Partial<Record<TensorErrorCode, ModelErrorCode>> = {
  PROCESS_DEADLINE: 'ENGINE_DEADLINE',
  PROCESS_ABORTED: 'ENGINE_ABORTED',
  PROCESS_CRASHED: 'ENGINE_CRASHED',
  PROCESS_CLOSED: 'ENGINE_CLOSED',
};

const CHILD_CODES: readonly string[] = [
  'MODEL_FILE',
  'MODEL_CONFIG',
  'MODEL_WEIGHT',
  'MODEL_ADAPTER',
  'MODEL_REQUEST',
  'MODEL_NUMERIC',
  'MODEL_MEMORY',
];
const isChildCode = (code: string | null): code is ModelErrorCode =>
  code !== null && CHILD_CODES.includes(code);

/**
 * Opens a model for sampling and learning in a child process.
 * @throws ModelError `MODEL_FILE`, `MODEL_CONFIG`, `MODEL_WEIGHT` when the folder is no model of a known family
 */
export async function openEngine(options: EngineOptions): Promise<Engine> {
  const isSource = import.meta.url.endsWith('.ts');
  const child = new ComputeProcess({
    entry: new URL(isSource ? './engine-main.ts' : './engine-main.js', import.meta.url),
    init: options,
    toError: (code, message) => new ModelError(isChildCode(code) ? code : 'ENGINE_INTERNAL', message),
  });
  const call = async <T>(method: string, payload: unknown, limits: CallOptions): Promise<T> => {
    try {
      return await child.call<T>(method, payload, limits);
    } catch (error) {
      const code = error instanceof TensorError ? ENGINE_CODES[error.code] : undefined;
      throw code ? new ModelError(code, (error as Error).message, { cause: error }) : error; // a TensorError, as it has a code
    }
  };
  try {
    const model = await call<ModelInfo>('info', null, { deadlineMs: OPEN_DEADLINE_MS });
    return {
      model,
      initState: (lora, limits) => call<PolicyState>('initState', lora, limits),
      sample: (request, limits) => call<readonly Sample[]>('sample', request, limits),
      learn: (request, limits) => call<LearnResult>('learn', request, limits),
      close: () => child.close(),
    };
  } catch (error) {
    await child.close();
    throw error;
  }
}
