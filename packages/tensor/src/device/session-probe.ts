import * as ops from '../ops.js';
import { entryCommand } from '../process/entry.js';
import type { Program } from '../program.js';
import { trace } from '../program.js';
import { type Device, showDevice } from './device.js';
import type { CommandResult, Machine } from './machine.js';
import { failed, type PreflightCheck, passed } from './report.js';

/** The smallest program that needs a working device: a product of two 2x2 matrices, exact in every precision. */
export const probeProgram = (): Program =>
  trace('probe', (t) => ({ product: ops.matmul(t.input('a', [2, 2]), t.input('b', [2, 2])) }));

export const PROBE_INPUTS = { a: [1, 2, 3, 4], b: [5, 6, 7, 8] } as const;
const PRODUCT: readonly number[] = [19, 22, 43, 50];

const WANT = `a session of one operator that computes ${PRODUCT.join(', ')}`;

/** What ONNX Runtime and CUDA say on failing, and what helps. */
const COMPLAINTS: readonly (readonly [pattern: RegExp, remedy: string])[] = [
  [/error: \S*libonnxruntime_providers_\w+\.so: cannot open/, 'put the provider files beside ONNX Runtime'],
  [/error: (lib[\w.]+): cannot open/, 'put the folder of $1 on LD_LIBRARY_PATH, or install it'],
  [/CUDA failure 35\b|driver version is insufficient/, 'update the NVIDIA driver'],
  [
    /CUDA failure 100\b|no CUDA-capable device/,
    'give this process a GPU: see CUDA_VISIBLE_DEVICES and the container',
  ],
  [/CUDA failure 101\b|invalid device ordinal/, 'ask for a GPU that exists'],
  [/CUDA failure 2\b|out of memory/, 'free GPU memory: another process holds it'],
  [/CUDA failure 209\b|no kernel image/, 'use a provider that has code for this GPU'],
  [/cudnn/i, 'report this: programs are meant to need no cuDNN'],
];

/** Judges what the probe's process left behind: a JSON line with the product, or what went wrong on stderr. */
export function judgeSession({ status, stdout, stderr }: CommandResult): PreflightCheck {
  const bad = (found: string, remedy: string): PreflightCheck => failed('session', found, WANT, remedy);
  if (status === 0) {
    const product = /^\{"product":\[(.*)\]\}$/m.exec(stdout)?.[1]?.split(',').map(Number) ?? [];
    const isRight = product.length === PRODUCT.length && PRODUCT.every((value, i) => product[i] === value);
    return isRight
      ? passed('session', `computes ${product.join(', ')}`, WANT)
      : bad(`computes ${product.join(', ') || 'nothing'}`, 'do not use this device: it computes wrongly');
  }
  for (const [pattern, remedy] of COMPLAINTS) {
    const match = pattern.exec(stderr);
    if (match === null) continue;
    // "error: libcublasLt.so.13: cannot open" names what is missing better than its whole line.
    const found = match[0].replace(/^error: (\S+): cannot open$/, '$1 cannot be opened');
    return bad(found, remedy.replace('$1', match[1] ?? ''));
  }
  const lines = stderr.split('\n').filter((line) => line.trim() !== '');
  return bad(
    lines.find((line) => line.startsWith('failed: ')) ?? lines.at(-1) ?? `exit code ${status ?? 'none'}`,
    'see what the process said',
  );
}

/** Runs the probe on a device in a process of its own: a native crash, and what the loader says, stay in it. */
export async function checkSession(machine: Machine, device: Device): Promise<PreflightCheck> {
  const source = import.meta.url.endsWith('.ts');
  const { path, execArgv } = entryCommand(
    new URL(source ? './session-main.ts' : './session-main.js', import.meta.url),
  );
  return judgeSession(await machine.run(process.execPath, [...execArgv, path, showDevice(device)]));
}
