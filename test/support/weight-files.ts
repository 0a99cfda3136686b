import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHeader, writeSafetensors } from '@residency/model';
import type { WeightFiles } from '@residency/tensor';

/** Writes named values as a safetensors file in a new temporary folder and locates them. */
export async function writeTensors(
  names: readonly string[],
  values: Readonly<Record<string, ArrayLike<number>>>,
): Promise<WeightFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'residency-test-weights-'));
  const tensors = names.map((name) => {
    const data = Float32Array.from(values[name] ?? []);
    return { name, shape: [data.length], data };
  });
  await writeFile(join(folder, 'w.safetensors'), writeSafetensors(tensors));
  const { entries } = await readHeader(join(folder, 'w.safetensors'));
  return {
    folder,
    locations: new Map(
      [...entries].map(([n, e]) => [n, { file: 'w.safetensors', offset: e.offset, bytes: e.bytes }]),
    ),
  };
}
