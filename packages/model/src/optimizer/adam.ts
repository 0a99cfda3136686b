import { ModelError } from '../errors.js';
import { type NamedTensor, parseSafetensors, readTensor, writeSafetensors } from '../safetensors.js';

export interface AdamHyperparameters {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Decoupled weight decay, multiplied by the learning rate. */
  readonly weightDecay: number;
}

/** First and second moments of every trainable tensor, and the number of updates made. */
export interface AdamState {
  readonly step: number;
  readonly m: readonly Float32Array[];
  readonly v: readonly Float32Array[];
}

export const initAdam = (parameters: readonly NamedTensor[]): AdamState => ({
  step: 0,
  m: parameters.map((p) => new Float32Array(p.data.length)),
  v: parameters.map((p) => new Float32Array(p.data.length)),
});

/**
 * One AdamW update (Loshchilov & Hutter 2019, algorithm 2) of tensors and moments; the inputs are not
 * changed. Computed in double precision, kept in single. Norms and biases, tensors of one axis, are not
 * decayed.
 * @param gradients one per tensor, in the order of the parameters
 * @param scale multiplies the gradients: the factor of global-norm clipping
 */
export function adamW(
  parameters: readonly NamedTensor[],
  gradients: readonly Float64Array[],
  state: AdamState,
  scale: number,
  h: AdamHyperparameters,
): { parameters: NamedTensor[]; state: AdamState } {
  const step = state.step + 1;
  const m = state.m.map((x) => new Float32Array(x.length));
  const v = state.v.map((x) => new Float32Array(x.length));
  const next = parameters.map((p, k): NamedTensor => {
    const [g, m0, v0, m1, v1] = [gradients[k], state.m[k], state.v[k], m[k], v[k]];
    if (!g || !m0 || !v0 || !m1 || !v1) throw new TypeError(`internal: no gradient or moments for ${p.name}`);
    // Shrinking norms and biases changes the scale of the network, not its complexity.
    const decay = p.shape.length > 1 ? h.learningRate * h.weightDecay : 0;
    const data = new Float32Array(p.data.length);
    updateTensor(
      { old: p.data, g, m0, v0 },
      { data, m1, v1 },
      { ...h, scale, decay, correct1: 1 - h.beta1 ** step, correct2: 1 - h.beta2 ** step },
    );
    return { name: p.name, shape: p.shape, data };
  });
  return { parameters: next, state: { step, m, v } };
}

interface TensorInput {
  readonly old: Float32Array;
  readonly g: Float64Array;
  readonly m0: Float32Array;
  readonly v0: Float32Array;
}

interface TensorOutput {
  readonly data: Float32Array;
  readonly m1: Float32Array;
  readonly v1: Float32Array;
}

interface TensorRates extends AdamHyperparameters {
  readonly scale: number;
  readonly decay: number;
  readonly correct1: number;
  readonly correct2: number;
}

function updateTensor(from: TensorInput, to: TensorOutput, rates: TensorRates): void {
  const { old, g, m0, v0 } = from;
  const { data, m1, v1 } = to;
  const { beta1, beta2, epsilon, learningRate, scale, decay, correct1, correct2 } = rates;
  for (let i = 0; i < data.length; i++) {
    const gi = (g[i] ?? 0) * scale;
    const mi = beta1 * (m0[i] ?? 0) + (1 - beta1) * gi;
    const vi = beta2 * (v0[i] ?? 0) + (1 - beta2) * gi * gi;
    m1[i] = mi;
    v1[i] = vi;
    const w = old[i] ?? 0;
    data[i] = w - decay * w - (learningRate * (mi / correct1)) / (Math.sqrt(vi / correct2) + epsilon);
  }
}

/** The moments as tensors, `m.<name>` of all parameters, then `v.<name>`. */
export function adamTensors(parameters: readonly NamedTensor[], state: AdamState): NamedTensor[] {
  const part = (prefix: string, values: readonly Float32Array[]): NamedTensor[] =>
    parameters.map((p, k) => ({
      name: `${prefix}.${p.name}`,
      shape: p.shape,
      data: values[k] ?? new Float32Array(0),
    }));
  return [...part('m', state.m), ...part('v', state.v)];
}

/** The state as a safetensors file; equal states give equal bytes. */
export const encodeAdam = (parameters: readonly NamedTensor[], state: AdamState): Uint8Array =>
  writeSafetensors(adamTensors(parameters, state), { step: `${state.step}` });

/** @throws ModelError `MODEL_ADAPTER` naming what is missing */
export function decodeAdam(bytes: Uint8Array, parameters: readonly NamedTensor[]): AdamState {
  const { entries, metadata } = parseSafetensors(bytes, 'optimizer state');
  const step = Number(metadata['step']);
  if (!Number.isInteger(step) || step < 0)
    throw new ModelError('MODEL_ADAPTER', 'optimizer state: has no step count');
  const part = (prefix: string): Float32Array[] =>
    parameters.map((p) => {
      const entry = entries.get(`${prefix}.${p.name}`);
      if (!entry || entry.bytes !== p.data.byteLength)
        throw new ModelError(
          'MODEL_ADAPTER',
          `optimizer state: ${prefix}.${p.name} is missing or has another size`,
        );
      return readTensor(bytes, entry);
    });
  return { step, m: part('m'), v: part('v') };
}
