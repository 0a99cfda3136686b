import { TensorError } from '../errors.js';
import { CPU, type Device, type DeviceRequest } from './device.js';
import { checkDriver } from './driver.js';
import { checkLibraries } from './libraries.js';
import { type Machine, thisMachine } from './machine.js';
import { checkProvider } from './provider.js';
import { formatReport, type PreflightReport, reportOf, summarize } from './report.js';
import { checkSession } from './session-probe.js';

/**
 * Finds out whether a device computes, and if not, which of driver, provider file and CUDA library is missing and what
 * to install. A GPU is usable when the provider is of the right version and a session computes on it.
 */
export async function preflight(device: Device, machine: Machine = thisMachine): Promise<PreflightReport> {
  if (device.kind === 'cpu') return reportOf(device, [await checkSession(machine, device)]);
  const provider = await checkProvider(machine);
  const checks = [await checkDriver(machine, device.index), provider, ...(await checkLibraries(machine))];
  // Without a provider of this version a session says nothing, or, with another one, may crash.
  return reportOf(device, provider.ok ? [...checks, await checkSession(machine, device)] : checks);
}

/** The device that a request came to, and for `auto` on the processor what stands in the way of the GPU. */
export interface ResolvedDevice {
  readonly device: Device;
  readonly reason: string | null;
}

/** @throws TensorError `DEVICE_UNAVAILABLE` with the whole report where a GPU that was asked for cannot be used */
export async function resolveDevice(
  request: DeviceRequest,
  machine: Machine = thisMachine,
): Promise<ResolvedDevice> {
  if (request.kind === 'cpu') return { device: CPU, reason: null };
  const device: Device = request.kind === 'auto' ? { kind: 'cuda', index: 0 } : request;
  const report = await preflight(device, machine);
  if (report.ok) return { device, reason: null };
  if (request.kind === 'auto') return { device: CPU, reason: summarize(report) };
  throw new TensorError('DEVICE_UNAVAILABLE', formatReport(report).join('\n'));
}
