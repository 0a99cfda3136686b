import { availableParallelism, cpus } from 'node:os';
import { threadsField } from '@residency/service';
import {
  CPU,
  type Device,
  type DeviceRequest,
  formatReport,
  type Machine,
  type PreflightReport,
  preflight,
  showDevice,
  thisMachine,
} from '@residency/tensor';
import { DEVICE_WANTED, readDevice } from '@residency/tensor/device';
import { type Flag, readFlags, switchFlag } from './arguments.js';
import type { Command } from './command.js';

/** What a machine has to compute with, and whether the device that was asked for is usable. */
export interface Diagnosis {
  readonly asked: string;
  readonly ok: boolean;
  readonly processor: {
    readonly model: string;
    readonly cores: number;
    /** Threads of one run unless RESIDENCY_THREADS says otherwise. */
    readonly threads: number;
    readonly onnxRuntime: string;
  };
  /** First the processor, then the GPU. */
  readonly devices: readonly PreflightReport[];
}

const deviceFlag: Flag<DeviceRequest> = {
  wanted: DEVICE_WANTED,
  fallback: { kind: 'auto' },
  parse: readDevice,
};
const flags = { device: deviceFlag, json: switchFlag };

/** Looks at the processor and at one GPU, the asked one or the first. */
export async function diagnose(asked: DeviceRequest, machine: Machine = thisMachine): Promise<Diagnosis> {
  const gpu: Device = asked.kind === 'cuda' ? asked : { kind: 'cuda', index: 0 };
  const { version } = await machine.runtime();
  const onProcessor = await preflight(CPU, machine);
  const onGpu = await preflight(gpu, machine);
  return {
    asked: showDevice(asked),
    ok: { cpu: onProcessor.ok, cuda: onGpu.ok, auto: onProcessor.ok || onGpu.ok }[asked.kind],
    processor: {
      model: cpus()[0]?.model.trim() ?? 'unknown',
      cores: availableParallelism(),
      threads: threadsField().fallback ?? 1,
      onnxRuntime: version,
    },
    devices: [onProcessor, onGpu],
  };
}

/** A diagnosis for a terminal. */
export function formatDiagnosis({ asked, ok, processor, devices }: Diagnosis): string[] {
  const { model, cores, threads, onnxRuntime } = processor;
  return [
    `processor: ${model}, ${cores} cores; ONNX Runtime ${onnxRuntime}, ${threads} thread a run by default`,
    ...devices.flatMap(formatReport),
    asked === 'auto'
      ? `auto: ${devices.findLast((device) => device.ok)?.device ?? 'no device is usable'}`
      : `${asked}: ${ok ? 'usable' : 'not usable'}`,
  ];
}

/** `residency doctor`: what this machine can compute on. */
export const doctor: Command = {
  summary: 'doctor [--device auto|cpu|cuda:N] [--json]: say what this machine can compute on',
  async run(args, { terminal }) {
    const { device, json } = readFlags(flags, args);
    const diagnosis = await diagnose(device);
    if (json) terminal.line(JSON.stringify(diagnosis));
    else for (const line of formatDiagnosis(diagnosis)) terminal.line(line);
    return diagnosis.ok ? 0 : 1;
  },
};
