import { InferenceSession, Tensor } from 'onnxruntime-node';
import { ELEMENT_TYPES, type ElementType } from '../../../packages/tensor/src/device/element-type.js';
import { oneOperatorModel, PROBES } from './one-operator.js';

/** Prints, as one JSON object, the element types that each operator of the table runs with on the first GPU. */

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  float16: Uint16Array,
  int64: BigInt64Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

const isKnown = (type: string): type is keyof typeof ARRAYS => type in ARRAYS;

/** Values for which every probe is defined: ones, indices of 0, and a range from 0 to 1. */
function feedOf(operator: string, name: string, type: string, shape: readonly (number | string)[]): Tensor {
  if (!isKnown(type)) throw new TypeError(`internal: an input of type ${type}`);
  const dims = shape.map((d) => (typeof d === 'number' ? d : 1));
  const data = new ARRAYS[type](dims.reduce((n, d) => n * d, 1));
  const isIndex = type === 'int64' && operator !== 'Range';
  const isStart = operator === 'Range' && name.startsWith('x0');
  if (!isIndex && !isStart) {
    if (data instanceof BigInt64Array) data.fill(1n);
    else data.fill(type === 'float16' ? 0x3c00 : 1);
  }
  return new Tensor(type, data as Float32Array, dims); // its type is that of `type`
}

async function runs(operator: string, type: ElementType): Promise<boolean> {
  const probe = PROBES[operator];
  if (!probe) return false;
  try {
    const session = await InferenceSession.create(oneOperatorModel(operator, probe, type), {
      executionProviders: ['cuda'],
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
      extra: { session: { disable_cpu_ep_fallback: '1' } },
    });
    try {
      const feeds = session.inputMetadata.flatMap((meta) =>
        meta.isTensor ? [[meta.name, feedOf(operator, meta.name, meta.type, meta.shape)] as const] : [],
      );
      await session.run(Object.fromEntries(feeds));
    } finally {
      await session.release();
    }
    return true;
  } catch {
    // No kernel, no such type in the operator's schema, or a library that is not there: the provider does not do it.
    return false;
  }
}

const operators: Record<string, ElementType[]> = {};
for (const operator of Object.keys(PROBES)) {
  const types: ElementType[] = [];
  // The table is total, so that its keys are exactly the names.
  for (const type of Object.keys(ELEMENT_TYPES) as ElementType[])
    if (await runs(operator, type)) types.push(type);
  operators[operator] = types;
}
process.stdout.write(`${JSON.stringify(operators)}\n`);
