import { join } from 'node:path';
import type { Machine } from './machine.js';
import { providerPath } from './provider.js';
import { failed, type PreflightCheck, passed } from './report.js';

/** The CUDA 13 libraries that the provider links to, and where each comes from. */
const LIBRARIES: Readonly<Record<string, string>> = {
  'libcublas.so.13': 'the Python package nvidia-cublas, or the system package libcublas-13-0',
  'libcublasLt.so.13': 'the Python package nvidia-cublas, or the system package libcublas-13-0',
  'libcurand.so.10': 'the Python package nvidia-curand, or the system package libcurand-13-0',
  'libcudart.so.13': 'the Python package nvidia-cuda-runtime, or the system package cuda-cudart-13-0',
  'libcuda.so.1':
    'the NVIDIA driver itself; in a container the NVIDIA Container Toolkit brings it, with NVIDIA_DRIVER_CAPABILITIES=compute,utility',
};

const WANT = 'a file that the dynamic loader finds';

/** Where `ldd` finds each library: `\tlibA.so.1 => /path (0x…)` or `\tlibA.so.1 => not found`. */
export function parseLdd(text: string): Map<string, string | null> {
  const found = new Map<string, string | null>();
  for (const [, name = '', path = ''] of text.matchAll(/^\s*(\S+) => (not found|\S+)/gm)) {
    found.set(name, path === 'not found' ? null : path);
  }
  return found;
}

/** Where `ldconfig -p` finds each library: `\tlibA.so.1 (libc6,x86-64) => /path`; the first of equals. */
export function parseLdconfig(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const [, name = '', path = ''] of text.matchAll(/^\s*(\S+) \(.*x86-64.*\) => (\S+)$/gm)) {
    if (!found.has(name)) found.set(name, path);
  }
  return found;
}

/** Folders that CUDA is usually installed in and that the loader may not know. */
const USUAL_FOLDERS: readonly string[] = [
  '/usr/local/cuda/lib64',
  '/usr/local/cuda-13.0/lib64',
  '/usr/local/nvidia/lib64',
  '/usr/local/nvidia/lib',
];

const PYTHON_FOLDERS =
  'import glob,os,site,sys\n' +
  'bases = set(sys.path + site.getsitepackages() + [site.getusersitepackages()])\n' +
  'print("\\n".join(sorted({d for b in bases for d in glob.glob(os.path.join(b, "nvidia", "*", "lib"))})))';

/** Folders that may hold CUDA libraries: the usual ones and those of Python packages. */
async function candidateFolders(machine: Machine): Promise<string[]> {
  const python = await machine.run('python3', ['-c', PYTHON_FOLDERS]);
  const found = python.status === 0 ? python.stdout.split('\n').filter((line) => line !== '') : [];
  return [...found, ...USUAL_FOLDERS];
}

/** The path that the loader would take for each library; null where it finds none. */
async function loaderPaths(machine: Machine, provider: string): Promise<Map<string, string | null>> {
  const names = Object.keys(LIBRARIES);
  if (await machine.exists(provider)) {
    const { status, stdout } = await machine.run('ldd', [provider]);
    const found = parseLdd(stdout);
    if (status === 0 && names.every((name) => found.has(name))) return found;
  }
  // Without the provider, or without ldd, the loader's own places are looked through.
  const cache = parseLdconfig((await machine.run('ldconfig', ['-p'])).stdout);
  const folders = (machine.env['LD_LIBRARY_PATH'] ?? '').split(':').filter((folder) => folder !== '');
  const paths = new Map<string, string | null>();
  for (const name of names) {
    const own = await firstWith(machine, folders, name);
    paths.set(name, own === null ? (cache.get(name) ?? null) : join(own, name));
  }
  return paths;
}

async function firstWith(machine: Machine, folders: readonly string[], name: string): Promise<string | null> {
  for (const folder of folders) if (await machine.exists(join(folder, name))) return folder;
  return null;
}

/** One check per CUDA library that the provider needs. cuDNN is none of them: programs are written without it. */
export async function checkLibraries(machine: Machine): Promise<PreflightCheck[]> {
  if (machine.platform !== 'linux') return [];
  const { folder } = await machine.runtime();
  const paths = await loaderPaths(machine, providerPath(folder));
  const isComplete = Object.keys(LIBRARIES).every((name) => paths.get(name));
  const candidates = isComplete ? [] : await candidateFolders(machine);
  const checks: PreflightCheck[] = [];
  for (const [name, source] of Object.entries(LIBRARIES)) {
    const path = paths.get(name);
    const elsewhere = path ? null : await firstWith(machine, candidates, name);
    if (path) checks.push(passed(name, path, WANT));
    else if (elsewhere !== null) {
      const remedy = `add ${elsewhere} to LD_LIBRARY_PATH before the program starts`;
      checks.push(failed(name, `${join(elsewhere, name)}, where the loader does not look`, WANT, remedy));
    } else checks.push(failed(name, 'nothing', WANT, `install ${source}`));
  }
  return checks;
}
