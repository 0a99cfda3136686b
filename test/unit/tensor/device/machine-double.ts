import type { CommandResult, Machine } from '@residency/tensor';

export const RUNTIME = '/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64';

/** What a machine answers, where it differs from one on which everything is in place. */
export interface MachineDouble {
  readonly smi?: CommandResult;
  readonly ldd?: CommandResult;
  readonly ldconfig?: string;
  readonly python?: string;
  readonly session?: CommandResult;
  readonly files?: readonly string[];
  readonly versions?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly platform?: string;
  /** Hears every command. */
  readonly onRun?: (command: string) => void;
}

export const done = (stdout: string, stderr = '', status: number | null = 0): CommandResult => ({
  status,
  stdout,
  stderr,
});

export const H100 = '0, NVIDIA H100 80GB HBM3, 580.95.05, 81559, 9.0\n';

/** `ldd` of the provider of ONNX Runtime 1.29.0, all CUDA libraries in place. */
export const LDD_COMPLETE = `	linux-vdso.so.1 (0x00007fbd83072000)
	libcublasLt.so.13 => /usr/local/cuda/lib64/libcublasLt.so.13 (0x00007fbd83065000)
	libcublas.so.13 => /usr/local/cuda/lib64/libcublas.so.13 (0x00007fbd83060000)
	libcurand.so.10 => /usr/local/cuda/lib64/libcurand.so.10 (0x00007fbd8305b000)
	libcudart.so.13 => /usr/local/cuda/lib64/libcudart.so.13 (0x00007fbd83055000)
	libcuda.so.1 => /lib/x86_64-linux-gnu/libcuda.so.1 (0x00007fbd83050000)
	libdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007fbd83040000)
	/lib64/ld-linux-x86-64.so.2 (0x00007fd14a702000)
`;

/** A machine whose commands answer with recorded outputs. */
export function machineDouble(double: MachineDouble = {}): Machine {
  const files = double.files ?? [
    `${RUNTIME}/libonnxruntime_providers_cuda.so`,
    `${RUNTIME}/libonnxruntime_providers_shared.so`,
  ];
  const commands: Readonly<Record<string, CommandResult>> = {
    'nvidia-smi': double.smi ?? done(H100),
    ldd: double.ldd ?? done(LDD_COMPLETE),
    ldconfig: done(double.ldconfig ?? ''),
    python3: double.python === undefined ? done('', '', 1) : done(double.python),
    [process.execPath]: double.session ?? done('{"product":[19,22,43,50]}\n'),
  };
  return {
    platform: double.platform ?? 'linux',
    arch: 'x64',
    env: double.env ?? {},
    run: (command) => {
      double.onRun?.(command);
      return Promise.resolve(commands[command] ?? done('', `spawn ${command} ENOENT`, null));
    },
    exists: (path) => Promise.resolve(files.includes(path)),
    versionsIn: () => Promise.resolve(double.versions ?? ['1.30.0']),
    runtime: () => Promise.resolve({ folder: RUNTIME, version: '1.30.0' }),
  };
}
