// The part of the package that loads no native library.
import type { Precision } from '@residency/tensor';
import type { Device } from '@residency/tensor/device';
import { ConfigError, type ConfigField } from './config.js';

const PRECISIONS: readonly Precision[] = ['f32', 'bf16', 'f16'];
const NAME = 'RESIDENCY_PRECISION';

/** Type of base weights and products of rollout and learner; null leaves it to the device. */
export function precisionField(): ConfigField<Precision | null> {
  return {
    env: NAME,
    wanted: `one of ${PRECISIONS.join(', ')}`,
    fallback: null,
    parse: (text) => PRECISIONS.find((precision) => precision === text),
  };
}

/**
 * A precision as engines take it.
 * @throws ConfigError where the processor is asked for another than f32: it has no other products
 */
export function precisionOption(
  device: Device,
  precision: Precision | null,
): { readonly precision?: Precision } {
  if (precision === null) return {};
  if (device.kind === 'cpu' && precision !== 'f32')
    throw new ConfigError([`${NAME}: found "${precision}", wanted f32 on a processor`]);
  return { precision };
}
