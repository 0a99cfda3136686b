import { ops, type Tensor, type Tracer } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import type { Parameters } from './decoder.js';
import { moduleName, PROJECTIONS, type Projection, projectionShape, weightShapes } from './parameters.js';

/** Which parameters a program trains, or takes beside the base weights. */
export type Trainable =
  | { readonly kind: 'none' }
  | { readonly kind: 'lora'; readonly rank: number; readonly alpha: number }
  | { readonly kind: 'full' };

/** Equal keys mean equal parameters of a program. */
export const trainableKey = (t: Trainable): string =>
  t.kind === 'lora' ? `lora:${t.rank}:${t.alpha}` : t.kind;

export interface BoundParameters extends Parameters {
  /** The trainable parameters by name, in a fixed order; empty for `none`. */
  readonly trainable: ReadonlyMap<string, Tensor>;
  /** Those of one layer. */
  trainableOf(layer: number): readonly Tensor[];
}

/** Tensor names of a LoRA pair, as PEFT saves them. */
export const loraNames = (layer: number, projection: Projection): { a: string; b: string } => {
  const base = `base_model.model.${moduleName(layer, projection)}`;
  return { a: `${base}.lora_A.weight`, b: `${base}.lora_B.weight` };
};

/** Shapes of all adapter tensors, in a fixed order: A [rank, in], B [out, rank]. */
export function loraShapes(c: DecoderConfig, rank: number): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (let layer = 0; layer < c.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const [out, input] = projectionShape(c, projection);
      const { a, b } = loraNames(layer, projection);
      shapes.set(a, [rank, input]);
      shapes.set(b, [out, rank]);
    }
  }
  return shapes;
}

export const trainableShapes = (c: DecoderConfig, t: Trainable): ReadonlyMap<string, readonly number[]> =>
  t.kind === 'none' ? new Map() : t.kind === 'full' ? weightShapes(c) : loraShapes(c, t.rank);

/**
 * Binds a decoder's parameters to a program: frozen weights are bound at compilation, trainable ones are inputs.
 * Rows go through an adapter's A and B beside W (Hu et al. 2021).
 */
export function bindParameters(t: Tracer, c: DecoderConfig, trainable: Trainable): BoundParameters {
  const shapes = weightShapes(c);
  const inputs = new Map<string, Tensor>();
  for (const [name, shape] of trainableShapes(c, trainable)) inputs.set(name, t.input(name, shape));
  const weight = (name: string): Tensor => {
    const shape = shapes.get(name);
    if (!shape) throw new TypeError(`internal: the decoder has no weight ${name}`);
    return inputs.get(name) ?? t.weight(name, shape);
  };
  const pairOf = (layer: number, projection: Projection): LoraPair | null => {
    const names = loraNames(layer, projection);
    const [a, b] = [inputs.get(names.a), inputs.get(names.b)];
    return a && b ? { a, b } : null;
  };
  const scale = trainable.kind === 'lora' ? trainable.alpha / trainable.rank : 1;

  /** x W^T + bias + onto, with what is there. */
  const base = (layer: number, projection: Projection, x: Tensor, onto: Tensor | null): Tensor => {
    const w = ops.swapLast(weight(`${moduleName(layer, projection)}.weight`));
    const name = `${moduleName(layer, projection)}.bias`;
    const bias = shapes.has(name) ? weight(name) : null;
    const addend = onto && bias ? ops.add(onto, bias) : (onto ?? bias);
    return addend ? ops.gemm(x, w, addend) : ops.matmul(x, w);
  };
  const projectAll = (
    layer: number,
    projections: readonly Projection[],
    x: Tensor,
    onto: Tensor | null,
  ): Tensor[] => {
    const plain = projections.map((projection) => base(layer, projection, x, onto));
    const pairs = projections.flatMap((projection) => pairOf(layer, projection) ?? []);
    if (pairs.length !== projections.length || trainable.kind !== 'lora') return plain;
    const { rank } = trainable;
    // One product with all A of the same rows: three of eight columns cost nearly as much as one of twenty-four each.
    const a = ops.concat(
      pairs.map((pair) => pair.a),
      0,
    );
    const low = ops.matmul(x, ops.swapLast(a), { isFull: true });
    return pairs.map(({ b }, i) => {
      const own = ops.slice(low, { axis: 1, start: i * rank, end: (i + 1) * rank });
      return ops.gemm(own, ops.swapLast(b), plain[i] ?? own, { alpha: scale, isFull: true });
    });
  };
  return {
    trainable: inputs,
    trainableOf: (layer) =>
      [...inputs].filter(([name]) => name.includes(`.layers.${layer}.`)).map(([, tensor]) => tensor),
    weight,
    project: (layer, projections, x) => projectAll(layer, projections, x, null),
    projectOnto: (layer, projection, x, onto) => {
      const [y] = projectAll(layer, [projection], x, onto);
      if (!y) throw new TypeError('internal: one projection gives one result');
      return y;
    },
  };
}

/** One projection's A [rank, in] and B [out, rank]. */
interface LoraPair {
  readonly a: Tensor;
  readonly b: Tensor;
}
