import { join } from 'node:path';
import type { Machine } from './machine.js';
import { failed, type PreflightCheck, passed } from './report.js';

const FILES = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'] as const;

/** Path of the CUDA provider in the folder of ONNX Runtime's libraries. */
export const providerPath = (folder: string): string => join(folder, FILES[0]);

/**
 * Checks that the CUDA provider lies beside ONNX Runtime's own library and is of its version: the two speak through C++
 * tables that no version check guards, so that another version may crash or compute wrongly.
 */
export async function checkProvider(machine: Machine): Promise<PreflightCheck> {
  const { folder, version } = await machine.runtime();
  const want = `${FILES.join(' and ')} of ONNX Runtime ${version} in ${folder}`;
  const remedy =
    `run "node node_modules/onnxruntime-node/script/install.js --onnxruntime-node-install", ` +
    `or copy the files from the Python package onnxruntime-gpu==${version} (onnxruntime/capi)`;
  const bad = (found: string, what: string): PreflightCheck => failed('provider', found, want, what);
  if (machine.platform !== 'linux' || machine.arch !== 'x64') {
    return bad(
      `${machine.platform}-${machine.arch}`,
      'use Linux on x64: there is no CUDA provider for another system',
    );
  }
  const absent: string[] = [];
  for (const file of FILES) if (!(await machine.exists(join(folder, file)))) absent.push(file);
  if (absent.length > 0) return bad(`no ${absent.join(', no ')}`, remedy);
  const versions = await machine.versionsIn(providerPath(folder));
  if (versions.includes(version)) return passed('provider', `version ${version} in ${folder}`, want);
  return bad(
    `version ${versions.join(' or ') || 'unknown'}, ONNX Runtime itself is ${version}`,
    `${remedy}; never mix versions`,
  );
}
