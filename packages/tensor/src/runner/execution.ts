import type { InferenceSession } from 'onnxruntime-node';
import type { Device } from '../device/device.js';
import { checkPlacement, hasHalfWeights, showProblem } from '../device/placement.js';
import { TensorError } from '../errors.js';
import type { ModelToLoad } from './runner.js';

/** What differs from device to device in how ONNX Runtime runs a model. */
export interface Execution {
  readonly executionProviders: NonNullable<InferenceSession.SessionOptions['executionProviders']>;
  readonly session: Readonly<Record<string, string>>;
  readonly optimization?: Readonly<Record<string, string>>;
}

/** Optimisers that expand 16-bit weights into 32-bit copies; the second one aborts where only the first is left out. */
const EXPANDING = 'ConstantFolding;FuseFp16InitializerToFp32NodeTransformer';

const cpu = ({ packsWeights = false }: ModelToLoad): Execution => ({
  executionProviders: ['cpu'],
  // One copy of each weight serves forward and backward; packing would make a second one per product.
  session: packsWeights ? {} : { disable_prepacking: '1' },
});

const cuda = ({ bytes, device }: ModelToLoad): Execution => ({
  executionProviders: [{ name: 'cuda', deviceId: device?.kind === 'cuda' ? device.index : 0 }],
  session: {
    disable_cpu_ep_fallback: '1',
    // Outside the arena, whose blocks are powers of two: up to half of what holds the weights would lie idle.
    use_device_allocator_for_initializers: '1',
  },
  ...(hasHalfWeights(bytes) ? { optimization: { disable_specified_optimizers: EXPANDING } } : {}),
});

export const EXECUTION: { readonly [K in Device['kind']]: (model: ModelToLoad) => Execution } = { cpu, cuda };

const SHOWN = 8;

/**
 * Refuses a model that would not run wholly on a GPU. ONNX Runtime's own check stops at the bodies of loops.
 * @throws TensorError `DEVICE_PLACEMENT`
 */
export function refuseFallback(model: Uint8Array): void {
  const problems = checkPlacement(model);
  if (problems.length === 0) return;
  const more = problems.length > SHOWN ? `; and ${problems.length - SHOWN} more` : '';
  throw new TensorError(
    'DEVICE_PLACEMENT',
    `${problems.length} nodes cannot run on a GPU: ${problems.slice(0, SHOWN).map(showProblem).join('; ')}${more}`,
  );
}

/**
 * Makes float32 products on NVIDIA GPUs exact to float32: by default ONNX Runtime rounds their operands to TF32's 10 bits.
 * cuBLAS reads the variable when the first session is made; who wants TF32 sets it to 1 before.
 */
export function leaveOutTf32(): void {
  process.env['NVIDIA_TF32_OVERRIDE'] ??= '0';
}
