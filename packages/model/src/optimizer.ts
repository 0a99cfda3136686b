import { ModelError } from './errors.js';
import { type NamedTensor, parseSafetensors, readTensor, writeSafetensors } from './safetensors.js';

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

/** Sums of gradients in a fixed order, in double precision: equal for any batching of the same sequence of groups. */
export class GradientSum {
  readonly sums: readonly Float64Array[];
  /** Names of the tensors, in the order of their sums. */
  readonly #names: readonly string[];

  constructor(parameters: readonly NamedTensor[]) {
    this.sums = parameters.map((p) => new Float64Array(p.data.length));
    this.#names = parameters.map((p) => p.name);
  }

  /** Adds the gradients `grad:<name>` that one run of a training program gave. */
  addOutputs(outputs: Readonly<Record<string, unknown>>): void {
    this.sums.forEach((sum, index) => {
      const name = this.#names[index];
      const gradient = outputs[`grad:${name}`];
      if (!(gradient instanceof Float32Array) || gradient.length !== sum.length) {
        throw new TypeError(`internal: no gradient of ${name}`);
      }
      for (let i = 0; i < gradient.length; i++) sum[i] = (sum[i] ?? 0) + (gradient[i] ?? 0);
    });
  }

  /** Global L2 norm; not finite as soon as one gradient is not. */
  norm(): number {
    let square = 0;
    for (const sum of this.sums) for (const g of sum) square += g * g;
    return Math.sqrt(square);
  }
}

/**
 * One AdamW update (Loshchilov & Hutter 2019) of tensors and moments; the inputs are not changed.
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
  const [correct1, correct2] = [1 - h.beta1 ** step, 1 - h.beta2 ** step];
  const m = state.m.map((x) => Float32Array.from(x));
  const v = state.v.map((x) => Float32Array.from(x));
  const next = parameters.map((p, k) => {
    const [g, mk, vk] = [gradients[k], m[k], v[k]];
    if (!g || !mk || !vk) throw new TypeError(`internal: no gradient or moments for ${p.name}`);
    // Norms and biases are not decayed: shrinking them changes the scale of the network, not its complexity.
    const decay = p.shape.length > 1 ? h.learningRate * h.weightDecay : 0;
    const data = new Float32Array(p.data.length);
    for (let i = 0; i < data.length; i++) {
      const gi = (g[i] ?? 0) * scale;
      const mi = h.beta1 * (mk[i] ?? 0) + (1 - h.beta1) * gi;
      const vi = h.beta2 * (vk[i] ?? 0) + (1 - h.beta2) * gi * gi;
      mk[i] = mi;
      vk[i] = vi;
      const old = p.data[i] ?? 0;
      data[i] =
        old - decay * old - (h.learningRate * (mi / correct1)) / (Math.sqrt(vi / correct2) + h.epsilon);
    }
    return { name: p.name, shape: p.shape, data };
  });
  return { parameters: next, state: { step, m, v } };
}

/** The factor that brings a gradient of a norm down to at most `maxNorm`; 1 where `maxNorm` is 0. */
export const clipScale = (norm: number, maxNorm: number): number =>
  maxNorm > 0 && norm > maxNorm ? maxNorm / norm : 1;

export function encodeAdam(parameters: readonly NamedTensor[], state: AdamState): Uint8Array {
  const part = (prefix: string, values: readonly Float32Array[]): NamedTensor[] =>
    parameters.map((p, k) => ({
      name: `${prefix}.${p.name}`,
      shape: p.shape,
      data: values[k] ?? new Float32Array(0),
    }));
  return writeSafetensors([...part('m', state.m), ...part('v', state.v)], { step: `${state.step}` });
}

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
