import { randomUUID } from 'node:crypto';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { showDevice } from '../device/device.js';
import { TensorError } from '../errors.js';
import type { DType } from '../ir.js';
import { EXECUTION, leaveOutTf32, refuseFallback } from './execution.js';
import type { Feed, ModelToLoad, SessionRunner, TensorData } from './runner.js';

const ORT_TYPE = { f32: 'float32', i64: 'int64', bool: 'bool' } as const satisfies Record<DType, string>;

/** Runs models in the calling thread, which `run` blocks: for compute processes, command-line tools and tests. */
export function createLocalRunner(): SessionRunner {
  const sessions = new Map<string, InferenceSession>();
  const sessionOf = (id: string): InferenceSession => {
    const session = sessions.get(id);
    if (!session) throw new TensorError('TENSOR_INPUT', `no loaded model ${id}`);
    return session;
  };
  const release = async (id: string): Promise<void> => {
    const session = sessions.get(id);
    sessions.delete(id);
    await session?.release();
  };
  return {
    load: async (model) => {
      const session = await createSession(model);
      const id = randomUUID();
      sessions.set(id, session);
      return { id, inputNames: session.inputNames };
    },
    run: async (id, feeds) => {
      const tensors = Object.entries(feeds).map(([name, f]) => [name, toOrt(f)] as const);
      const results = await sessionOf(id).run(Object.fromEntries(tensors));
      // Programs have no dtypes but the three of TensorData.
      return Object.fromEntries(Object.entries(results).map(([name, t]) => [name, t.data as TensorData]));
    },
    release,
    close: async () => {
      for (const id of [...sessions.keys()]) await release(id);
    },
  };
}

const toOrt = (f: Feed): OrtTensor => new OrtTensor(ORT_TYPE[f.dtype], f.data, f.shape);

/** @throws TensorError `DEVICE_PLACEMENT`, `DEVICE_UNAVAILABLE` */
async function createSession(model: ModelToLoad): Promise<InferenceSession> {
  const options = sessionOptions(model);
  if (model.device?.kind !== 'cuda') return await InferenceSession.create(model.bytes, options);
  refuseFallback(model.bytes);
  leaveOutTf32();
  try {
    return await InferenceSession.create(model.bytes, options);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new TensorError('DEVICE_UNAVAILABLE', `${showDevice(model.device)}: ${reason}`, { cause });
  }
}

function sessionOptions(model: ModelToLoad): InferenceSession.SessionOptions {
  const { executionProviders, session, optimization } = EXECUTION[model.device?.kind ?? 'cpu'](model);
  return {
    executionProviders,
    graphOptimizationLevel: 'all',
    intraOpNumThreads: model.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Symbolic sizes differ from run to run, so that a planned memory pattern only costs memory.
    enableMemPattern: false,
    logSeverityLevel: 3,
    extra: {
      session: {
        ...session,
        ...(model.weightFolder === null
          ? {}
          : { model_external_initializers_file_folder_path: model.weightFolder }),
      },
      ...(optimization === undefined ? {} : { optimization }),
    },
  };
}
