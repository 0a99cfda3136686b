import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  CPU,
  type Device,
  formatReport,
  type PreflightCheck,
  parseDevice,
  preflight,
  resolveDevice,
  showDevice,
  thisMachine,
} from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { parseGpus } from '../../../../packages/tensor/src/device/driver.js';
import { parseLdconfig, parseLdd } from '../../../../packages/tensor/src/device/libraries.js';
import { findVersions } from '../../../../packages/tensor/src/device/machine.js';
import { judgeSession } from '../../../../packages/tensor/src/device/session-probe.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { done, H100, LDD_COMPLETE, type MachineDouble, machineDouble, RUNTIME } from './machine-double.js';

const CUDA: Device = { kind: 'cuda', index: 0 };

describe('device names', () => {
  it.each(['auto', 'cpu', 'cuda:0', 'cuda:7', 'cuda:12'])('reads %s', (text) => {
    expect(showDevice(parseDevice(text))).toBe(text);
  });

  it('takes cuda for the first GPU', () => {
    expect(parseDevice('cuda')).toEqual({ kind: 'cuda', index: 0 });
  });

  it.each(['', 'gpu', 'cuda:', 'cuda:-1', 'cuda:x', 'CUDA', 'cpu:0', ' cpu', 'cuda:0 '])(
    'refuses %j',
    (text) => {
      expect(() => parseDevice(text)).toThrow(
        expect.objectContaining({
          code: 'DEVICE_NAME',
          message: `device is ${JSON.stringify(text)}, want auto, cpu, cuda or cuda:N`,
        }),
      );
    },
  );
});

/** The checks of a GPU on a machine that differs from a good one. */
const checksOf = async (double: MachineDouble, device: Device = CUDA): Promise<readonly PreflightCheck[]> =>
  (await preflight(device, machineDouble(double))).checks;
const failedOf = async (double: MachineDouble, device: Device = CUDA): Promise<PreflightCheck[]> =>
  (await checksOf(double, device)).filter(({ ok }) => !ok);

describe('preflight of a GPU', () => {
  it('passes where everything is in place, and says what it found', async () => {
    const report = await preflight(CUDA, machineDouble());

    expect(formatReport(report)).toEqual([
      'cuda:0: usable',
      '  ok    driver             NVIDIA H100 80GB HBM3, 81559 MiB, compute capability 9.0, driver 580.95.05',
      `  ok    provider           version 1.30.0 in ${RUNTIME}`,
      '  ok    libcublas.so.13    /usr/local/cuda/lib64/libcublas.so.13',
      '  ok    libcublasLt.so.13  /usr/local/cuda/lib64/libcublasLt.so.13',
      '  ok    libcurand.so.10    /usr/local/cuda/lib64/libcurand.so.10',
      '  ok    libcudart.so.13    /usr/local/cuda/lib64/libcudart.so.13',
      '  ok    libcuda.so.1       /lib/x86_64-linux-gnu/libcuda.so.1',
      '  ok    session            computes 19, 22, 43, 50',
    ]);
  });

  const drivers: readonly (readonly [title: string, double: MachineDouble, found: string, remedy: string])[] =
    [
      [
        'no nvidia-smi',
        { smi: done('', 'spawn nvidia-smi ENOENT', null) },
        'nvidia-smi cannot be run: spawn nvidia-smi ENOENT',
        'install the NVIDIA driver',
      ],
      [
        'a driver that is not loaded',
        {
          smi: done(
            "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver. Make sure that the latest NVIDIA driver is installed and running.\n",
            '',
            9,
          ),
        },
        'exit code 9',
        'load the driver',
      ],
      [
        'a driver updated under a running one',
        {
          smi: done(
            'Failed to initialize NVML: Driver/library version mismatch\nNVML library version: 580.95\n',
            '',
            18,
          ),
        },
        'Driver/library version mismatch',
        'restart the machine',
      ],
      ['no GPU', { smi: done('No devices were found\n', '', 6) }, 'No devices were found', 'attach a GPU'],
      [
        'a driver of CUDA 12',
        { smi: done('0, NVIDIA L4, 550.54.15, 23034, 8.9\n') },
        'driver 550.54.15',
        'this one runs CUDA 12',
      ],
      [
        'an old driver',
        { smi: done('0, Tesla T4, 470.199.02, 15109, 7.5\n') },
        'driver 470.199.02',
        'update the driver to 580',
      ],
      [
        'an old GPU',
        { smi: done('0, Tesla V100-SXM2-16GB, 580.65.06, 16384, 7.0\n') },
        'compute capability 7.0',
        'use a newer GPU',
      ],
      [
        'a GPU hidden from the process',
        { env: { CUDA_VISIBLE_DEVICES: '' } },
        '0 of 1 GPUs can be seen by CUDA_VISIBLE_DEVICES=""',
        'unset CUDA_VISIBLE_DEVICES',
      ],
    ];

  it.each(drivers)('names %s', async (_, double, found, remedy) => {
    const [driver] = await checksOf(double);

    expect(driver).toMatchObject({ name: 'driver', ok: false });
    expect(driver?.found).toContain(found);
    expect(driver?.remedy).toContain(remedy);
    expect(driver?.want).toContain('driver 580 or newer');
  });

  it('counts GPUs as CUDA does', async () => {
    const smi = done(`${H100}1, NVIDIA L4, 580.95.05, 23034, 8.9\n`);
    const [second] = await checksOf({ smi }, { kind: 'cuda', index: 1 });
    const [renumbered] = await checksOf({ smi, env: { CUDA_VISIBLE_DEVICES: '1' } });
    const [third] = await checksOf({ smi }, { kind: 'cuda', index: 2 });

    expect(second).toMatchObject({ ok: true, found: expect.stringContaining('NVIDIA L4') });
    expect(renumbered).toMatchObject({ ok: true, found: expect.stringContaining('NVIDIA L4') });
    expect(third).toMatchObject({ ok: false, remedy: expect.stringContaining('ask for cuda:0 to cuda:1') });
  });

  it('names the provider file that is missing, and tries no session', async () => {
    const commands: string[] = [];
    const files = [`${RUNTIME}/libonnxruntime_providers_shared.so`];
    const report = await preflight(
      CUDA,
      machineDouble({ files, onRun: (command) => commands.push(command) }),
    );

    expect(report.ok).toBe(false);
    expect(report.checks.find(({ name }) => name === 'provider')).toMatchObject({
      ok: false,
      found: 'no libonnxruntime_providers_cuda.so',
      remedy: expect.stringContaining('onnxruntime-gpu==1.30.0'),
    });
    expect(commands).not.toContain(process.execPath);
  });

  it('refuses a provider of another version', async () => {
    const [provider] = await failedOf({ versions: ['1.29.0'] });

    expect(provider).toMatchObject({
      name: 'provider',
      found: 'version 1.29.0, ONNX Runtime itself is 1.30.0',
      remedy: expect.stringContaining('never mix versions'),
    });
  });

  it('says that there is no provider for other systems', async () => {
    const failures = await failedOf({ platform: 'darwin' });

    expect(failures.at(-1)).toMatchObject({
      found: 'darwin-x64',
      remedy: expect.stringContaining('Linux on x64'),
    });
  });

  const without = (name: string): string =>
    LDD_COMPLETE.replace(new RegExp(`${name} => \\S+ \\(.*\\)`), `${name} => not found`);

  it.each([
    ['libcublas.so.13', 'nvidia-cublas'],
    ['libcublasLt.so.13', 'nvidia-cublas'],
    ['libcurand.so.10', 'nvidia-curand'],
    ['libcudart.so.13', 'nvidia-cuda-runtime'],
    ['libcuda.so.1', 'NVIDIA driver'],
  ])('names %s and where it comes from', async (name, source) => {
    const failures = await failedOf({ ldd: done(without(name)) });

    expect(failures).toEqual([
      expect.objectContaining({ name, found: 'nothing', remedy: expect.stringContaining(source) }),
    ]);
  });

  it('finds a library that the loader does not look for', async () => {
    const folder = '/opt/venv/lib/python3.12/site-packages/nvidia/cu13/lib';
    const [cublas] = await failedOf({
      ldd: done(without('libcublas.so.13')),
      python: `${folder}\n`,
      files: [
        `${RUNTIME}/libonnxruntime_providers_cuda.so`,
        `${RUNTIME}/libonnxruntime_providers_shared.so`,
        `${folder}/libcublas.so.13`,
      ],
    });

    expect(cublas).toMatchObject({
      found: `${folder}/libcublas.so.13, where the loader does not look`,
      remedy: `add ${folder} to LD_LIBRARY_PATH before the program starts`,
    });
  });

  it('looks through the places of the loader where there is no provider to ask', async () => {
    const checks = await checksOf({
      files: ['/opt/cuda/libcurand.so.10'],
      env: { LD_LIBRARY_PATH: '/opt/none:/opt/cuda' },
      ldconfig: '\tlibcudart.so.13 (libc6,x86-64) => /usr/local/cuda-13.0/lib/libcudart.so.13\n',
    });
    const found = Object.fromEntries(checks.map((check) => [check.name, check.found]));

    expect(found).toMatchObject({
      'libcurand.so.10': '/opt/cuda/libcurand.so.10',
      'libcudart.so.13': '/usr/local/cuda-13.0/lib/libcudart.so.13',
      'libcublas.so.13': 'nothing',
    });
  });

  it('lets a session that computes decide over a tool that is absent', async () => {
    const report = await preflight(CUDA, machineDouble({ smi: done('', 'spawn nvidia-smi ENOENT', null) }));

    expect(report.ok).toBe(true);
    expect(formatReport(report)[1]).toMatch(/^ {2}warn {2}driver/);
  });

  it('refuses a device whose session fails, or computes wrongly, though all files are there', async () => {
    const wrong = await preflight(CUDA, machineDouble({ session: done('{"product":[0,0,0,0]}\n') }));

    expect(wrong.ok).toBe(false);
    expect(wrong.checks.at(-1)).toMatchObject({ ok: false, found: 'computes 0, 0, 0, 0' });
  });
});

describe('what a session says', () => {
  const said: readonly (readonly [stderr: string, found: string, remedy: string])[] = [
    [
      '2026-11-25 09:26:09.012704982 [E:onnxruntime:onnxruntime-node, provider_bridge_ort.cc:2146 Create] /onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library /app/libonnxruntime_providers_cuda.so with error: libcublasLt.so.13: cannot open shared object file: No such file or directory\nfailed: cuda:0: OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library\n',
      'libcublasLt.so.13 cannot be opened',
      'put the folder of libcublasLt.so.13 on LD_LIBRARY_PATH',
    ],
    [
      'Failed to load library /app/libonnxruntime_providers_shared.so with error: /app/libonnxruntime_providers_shared.so: cannot open shared object file: No such file or directory\n',
      'libonnxruntime_providers_shared.so cannot be opened',
      'put the provider files beside ONNX Runtime',
    ],
    [
      'failed: cuda:0: CUDA failure 100: no CUDA-capable device is detected ; GPU=-1 ; expr=cudaSetDevice(info_.device_id);\n',
      'CUDA failure 100',
      'CUDA_VISIBLE_DEVICES',
    ],
    [
      'CUDA failure 35: CUDA driver version is insufficient for CUDA runtime version\n',
      'CUDA failure 35',
      'update',
    ],
    ['failed: cuda:0: something new\nlast\n', 'failed: cuda:0: something new', 'see what the process said'],
  ];

  it.each(said)('reads %s', (stderr, found, remedy) => {
    const check = judgeSession(done('', stderr, 1));

    expect(check).toMatchObject({ ok: false, found: expect.stringContaining(found) });
    expect(check.remedy).toContain(remedy);
  });

  it('takes a process that vanished for a failure', () => {
    expect(judgeSession(done('', 'ended by SIGSEGV', null))).toMatchObject({
      ok: false,
      found: 'ended by SIGSEGV',
    });
  });
});

describe('the device of a request', () => {
  it('is the GPU for auto where it is usable, else the processor with the reason', async () => {
    const broken = machineDouble({ session: done('', 'CUDA failure 100\n', 1) });

    expect(await resolveDevice({ kind: 'auto' }, machineDouble())).toEqual({ device: CUDA, reason: null });
    expect(await resolveDevice({ kind: 'auto' }, broken)).toEqual({
      device: CPU,
      reason: 'cuda:0: session: CUDA failure 100',
    });
  });

  it('rejects with the whole report where a GPU was asked for', async () => {
    await expect(resolveDevice(CUDA, machineDouble({ versions: ['1.29.0'] }))).rejects.toMatchObject({
      code: 'DEVICE_UNAVAILABLE',
      message: expect.stringMatching(/cuda:0: not usable[\s\S]*version 1\.29\.0[\s\S]*do: /),
    });
  });

  it('asks the machine nothing for the processor', async () => {
    const commands: string[] = [];
    const machine = machineDouble({ onRun: (command) => commands.push(command) });

    expect(await resolveDevice(CPU, machine)).toEqual({ device: CPU, reason: null });
    expect(commands).toEqual([]);
  });
});

describe('this machine', () => {
  it('computes on its processor', async () => {
    expect(await preflight(CPU)).toEqual({
      device: 'cpu',
      ok: true,
      checks: [expect.objectContaining({ name: 'session', ok: true })],
    });
  });

  it('finds the version of a library wherever it stands', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'library.so');
    const bytes = Buffer.alloc((8 << 20) + 100, 1);
    // Across the border of two pieces of reading, and one that belongs to a longer text.
    bytes.write('\0' + '1.30.0' + '\0', (8 << 20) - 4, 'latin1');
    bytes.write('\0v1.28.0\0', 50, 'latin1');
    await writeFile(path, bytes);

    expect(await thisMachine.versionsIn(path)).toEqual(['1.30.0']);
    expect(findVersions(Buffer.from('\x001.29.0\x001.30.1\0', 'latin1'))).toEqual(['1.29.0', '1.30.1']);
  });

  it('reports a command that cannot be started', async () => {
    const result = await thisMachine.run('no-such-command-here', []);

    expect(result).toMatchObject({ status: null, stderr: expect.stringContaining('ENOENT') });
  });
});

describe('outputs of commands', () => {
  it('reads nvidia-smi and leaves out what is no row', () => {
    expect(parseGpus(`${H100}\nwarning: infoROM is corrupted at gpu 0000:01:00.0\n`)).toEqual([
      { index: 0, name: 'NVIDIA H100 80GB HBM3', driver: '580.95.05', memoryMiB: 81559, capability: 9 },
    ]);
  });

  it('reads ldd', () => {
    const found = parseLdd(
      '\tlibcublas.so.13 => not found\n\tlibc.so.6 => /lib/libc.so.6 (0x0)\n\tlinux-vdso.so.1 (0x0)\n',
    );

    expect([...found]).toEqual([
      ['libcublas.so.13', null],
      ['libc.so.6', '/lib/libc.so.6'],
    ]);
  });

  it('reads ldconfig, 64-bit entries only', () => {
    const text =
      '1021 libs found in cache\n\tlibcuda.so.1 (libc6) => /lib32/libcuda.so.1\n\tlibcuda.so.1 (libc6,x86-64) => /lib64/libcuda.so.1\n';

    expect([...parseLdconfig(text)]).toEqual([['libcuda.so.1', '/lib64/libcuda.so.1']]);
  });
});
