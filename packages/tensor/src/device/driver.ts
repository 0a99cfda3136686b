import type { CommandResult, Machine } from './machine.js';
import { failed, type PreflightCheck, passed } from './report.js';

/** Oldest driver that CUDA 13, which the provider is built with, runs on. */
const MIN_DRIVER = 580;
/** Oldest compute capability that the provider has code for. */
const MIN_CAPABILITY = 7.5;

const WANT = `an NVIDIA GPU of compute capability ${MIN_CAPABILITY} or newer, driver ${MIN_DRIVER} or newer`;

/** One GPU as nvidia-smi lists it. */
export interface Gpu {
  readonly index: number;
  readonly name: string;
  readonly driver: string;
  readonly memoryMiB: number;
  readonly capability: number;
}

const QUERY = ['index', 'name', 'driver_version', 'memory.total', 'compute_cap'] as const;

/** Arguments for nvidia-smi that make it print what `parseGpus` reads. */
export const GPU_QUERY: readonly string[] = [
  `--query-gpu=${QUERY.join(',')}`,
  '--format=csv,noheader,nounits',
];

/** Rows such as `0, NVIDIA H100 80GB HBM3, 580.65.06, 81559, 9.0`; lines that are none are left out. */
export function parseGpus(text: string): Gpu[] {
  return text.split('\n').flatMap((line) => {
    const cells = line.split(',').map((cell) => cell.trim());
    const [index, name, driver, memory, capability] = cells;
    if (cells.length !== QUERY.length || name === undefined || driver === undefined) return [];
    if (!/^\d+$/.test(index ?? '') || !/^\d+\.\d+/.test(driver)) return [];
    return [
      { index: Number(index), name, driver, memoryMiB: Number(memory), capability: Number(capability) },
    ];
  });
}

const showGpu = (gpu: Gpu): string =>
  `${gpu.name}, ${gpu.memoryMiB} MiB, compute capability ${gpu.capability.toFixed(1)}, driver ${gpu.driver}`;

const INSTALL =
  `install the NVIDIA driver, version ${MIN_DRIVER} or newer; ` +
  'in a container, start it with the NVIDIA Container Toolkit (docker run --gpus all, or the limit nvidia.com/gpu: 1)';

/** What nvidia-smi says where it lists no GPU, and what helps. */
const COMPLAINTS: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/couldn't communicate with the NVIDIA driver/i, 'load the driver (modprobe nvidia), or install it again'],
  [/version mismatch/i, 'restart the machine: the driver was updated while the old one was loaded'],
  [/no devices were found/i, 'attach a GPU to this machine or container'],
];

/** Judges what nvidia-smi answered for the GPU of an index among those that CUDA may see. */
export function judgeDriver(
  result: CommandResult,
  index: number,
  visible: string | undefined,
): PreflightCheck {
  const bad = (found: string, remedy: string): PreflightCheck => failed('driver', found, WANT, remedy);
  if (result.status === null) return bad(`nvidia-smi cannot be run: ${result.stderr.trim()}`, INSTALL);
  const gpus = parseGpus(result.stdout);
  if (gpus.length === 0) {
    const said = `${result.stdout}\n${result.stderr}`.trim().split('\n')[0] ?? '';
    const known = COMPLAINTS.find(([pattern]) => pattern.test(said));
    return bad(
      `nvidia-smi lists no GPU (exit code ${result.status}): ${said || 'nothing'}`,
      known?.[1] ?? INSTALL,
    );
  }
  const shown = visible?.split(',').filter((entry) => entry.trim() !== '');
  const count = shown?.length ?? gpus.length;
  if (index >= count) {
    const by = shown === undefined ? '' : ` by CUDA_VISIBLE_DEVICES=${JSON.stringify(visible)}`;
    const name = count === 1 ? 'cuda:0' : `cuda:0 to cuda:${count - 1}`;
    return bad(
      `${count} of ${gpus.length} GPUs can be seen${by}`,
      count === 0
        ? 'unset CUDA_VISIBLE_DEVICES, or name a GPU in it'
        : `ask for ${name}, or make more visible`,
    );
  }
  // CUDA_VISIBLE_DEVICES renumbers: an entry that is a number names a GPU of nvidia-smi's list.
  const entry = shown?.[index]?.trim();
  const gpu = gpus.find((g) => `${g.index}` === (entry ?? `${index}`)) ?? gpus[0];
  if (!gpu) return bad('no GPU', INSTALL);
  const major = Number.parseInt(gpu.driver, 10);
  if (major < MIN_DRIVER) {
    return bad(
      showGpu(gpu),
      major >= 525
        ? `update the driver to ${MIN_DRIVER} or newer: this one runs CUDA 12 and the provider is built with CUDA 13`
        : `update the driver to ${MIN_DRIVER} or newer`,
    );
  }
  if (gpu.capability < MIN_CAPABILITY) {
    return bad(showGpu(gpu), 'use a newer GPU: ONNX Runtime has no code for this one');
  }
  return passed('driver', showGpu(gpu), WANT);
}

export async function checkDriver(machine: Machine, index: number): Promise<PreflightCheck> {
  return judgeDriver(await machine.run('nvidia-smi', GPU_QUERY), index, machine.env['CUDA_VISIBLE_DEVICES']);
}
