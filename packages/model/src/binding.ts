import { linear, ops, type Tensor, type Tracer } from '@residency/tensor';
import type { DecoderConfig } from './config.js';
import type { Parameters } from './decoder.js';
import { moduleName, PROJECTIONS, type Projection, projectionShape, weightShapes } from './parameters.js';

/** Which parameters a program trains, or takes beside the base weights. */
export type Trainable =
  | { readonly kind: 'none' }
  | { readonly kind: 'lora'; readonly rank: number; readonly alpha: number }
  | { readonly kind: 'full' };

export interface BoundParameters extends Parameters {
  /** The trainable parameters by name, in a fixed order; empty for `none`. */
  readonly trainable: ReadonlyMap<string, Tensor>;
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
 * With `merged` the adapter is added to its weight once per run, W + (alpha/rank) B A, which suits many small products;
 * otherwise rows go through A and B beside W, which suits few large ones (Hu et al. 2021).
 */
export function bindParameters(
  t: Tracer,
  c: DecoderConfig,
  trainable: Trainable,
  merged = false,
): BoundParameters {
  const shapes = weightShapes(c);
  const inputs = new Map<string, Tensor>();
  for (const [name, shape] of trainableShapes(c, trainable)) inputs.set(name, t.input(name, shape));
  const shapeOf = (name: string): readonly number[] => {
    const shape = shapes.get(name);
    if (!shape) throw new TypeError(`internal: the decoder has no weight ${name}`);
    return shape;
  };
  const weight = (name: string): Tensor => inputs.get(name) ?? t.weight(name, shapeOf(name));
  const adapted = (layer: number, projection: Projection, x: Tensor): Tensor => {
    const w = weight(`${moduleName(layer, projection)}.weight`);
    if (trainable.kind !== 'lora') return linear(x, w);
    const names = loraNames(layer, projection);
    const [a, b] = [inputs.get(names.a), inputs.get(names.b)];
    if (!a || !b) throw new TypeError(`internal: no adapter for ${moduleName(layer, projection)}`);
    const scale = trainable.alpha / trainable.rank;
    if (merged) return linear(x, ops.add(w, ops.mul(ops.matmul(b, a), scale)));
    return ops.add(linear(x, w), ops.mul(linear(linear(x, a), b), scale));
  };
  return {
    trainable: inputs,
    weight,
    project: (layer, projection, x) => {
      const y = adapted(layer, projection, x);
      const bias = `${moduleName(layer, projection)}.bias`;
      return shapes.has(bias) ? ops.add(y, weight(bias)) : y;
    },
  };
}
