import { FULL_WEIGHTS } from '../adapter.js';
import { ModelError } from '../errors.js';
import { readHeader } from '../safetensors.js';
import { isWeightDType } from '../weight-dtype.js';
import type { BaseModel, BaseWeight } from './base-model.js';

/** All weights of a model as a run trained them: where they lie, by name. */
export interface TrainedWeights {
  readonly path: string;
  readonly weights: ReadonlyMap<string, BaseWeight>;
}

/**
 * Reads where trained weights lie; null for a file of another kind.
 * @throws ModelError `MODEL_FILE`
 */
export async function readTrainedWeights(path: string): Promise<TrainedWeights | null> {
  const { entries, metadata } = await readHeader(path);
  if (metadata['trained'] !== FULL_WEIGHTS.trained) return null;
  const weights = new Map<string, BaseWeight>();
  for (const { name, dtype, shape, offset } of entries.values())
    if (isWeightDType(dtype)) weights.set(name, { name, path, dtype, shape, offset });
  return { path, weights };
}

/** @throws ModelError `MODEL_ADAPTER` naming the weight that is missing or of another shape */
export function checkReplaces({ path, weights }: TrainedWeights, base: BaseModel): void {
  for (const { name, shape } of base.weights) {
    const found = weights.get(name)?.shape;
    if (found?.join() !== shape.join())
      throw new ModelError(
        'MODEL_ADAPTER',
        `${path}: ${name} is ${found ? `[${found.join(',')}]` : 'missing'}, the base has [${shape.join(',')}]`,
      );
  }
}
