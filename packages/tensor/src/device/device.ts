import { TensorError } from '../errors.js';

/** Where programs are computed: the processor, or the NVIDIA GPU of an index, counted as CUDA counts. */
export type Device = { readonly kind: 'cpu' } | { readonly kind: 'cuda'; readonly index: number };

/** What can be asked for: a device, or `auto`, the first GPU where it is usable and else the processor. */
export type DeviceRequest = Device | { readonly kind: 'auto' };

export const CPU: Device = { kind: 'cpu' };

/** For messages: "want ...". */
export const DEVICE_WANTED = 'auto, cpu, cuda or cuda:N';

/** The request that a text names, or undefined where it names none; `cuda` means `cuda:0`. */
export function readDevice(text: string): DeviceRequest | undefined {
  if (text === 'auto' || text === 'cpu') return { kind: text };
  const match = /^cuda(?::(\d{1,3}))?$/.exec(text);
  return match === null ? undefined : { kind: 'cuda', index: Number(match[1] ?? 0) };
}

/** @throws TensorError `DEVICE_NAME` */
export function parseDevice(text: string): DeviceRequest {
  const request = readDevice(text);
  if (request === undefined)
    throw new TensorError('DEVICE_NAME', `device is ${JSON.stringify(text)}, want ${DEVICE_WANTED}`);
  return request;
}

/** The text that names a request. */
export const showDevice = (device: DeviceRequest): string =>
  device.kind === 'cuda' ? `cuda:${device.index}` : device.kind;
