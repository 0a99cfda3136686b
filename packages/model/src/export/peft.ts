import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFolderAtomically } from '../atomic-write.js';
import { ModelError } from '../errors.js';
import { writeSafetensors } from '../safetensors.js';
import type { LoraAdapter } from './lora-adapter.js';
import { peftConfig } from './peft-config.js';

export interface PeftExport {
  readonly adapter: LoraAdapter;
  /** The adapter's own file, to be written as it is. @defaultValue a file of its tensors in f32 */
  readonly bytes?: Uint8Array;
  /** Name or path of the base model, for those who load the adapter. */
  readonly baseModel: string;
  /** A new or empty folder. */
  readonly outDir: string;
}

/**
 * Writes an adapter as a folder that PEFT loads: adapter_model.safetensors and adapter_config.json. Without
 * `bytes`, those of an adapter that this package encoded come out again.
 * @throws ModelError `MODEL_FILE`; `MODEL_ADAPTER` where its scale is not alpha / rank, which is all that the
 * file can say
 */
export async function exportPeft({ adapter, bytes, baseModel, outDir }: PeftExport): Promise<void> {
  const { rank, alpha, scale, pairs } = adapter;
  if (scale !== alpha / rank)
    throw new ModelError(
      'MODEL_ADAPTER',
      `adapter: its scale is ${scale}, want alpha / rank = ${alpha / rank}`,
    );
  const targets = new Set(pairs.map(({ module }) => module.split('.').at(-1) ?? module));
  const config = peftConfig(baseModel, rank, alpha, [...targets]);
  await writeFolderAtomically(outDir, async (dir) => {
    await writeFile(join(dir, 'adapter_model.safetensors'), bytes ?? encode(adapter));
    await writeFile(join(dir, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
  });
}

const encode = ({ rank, alpha, pairs }: LoraAdapter): Uint8Array =>
  writeSafetensors(
    pairs.flatMap(({ a, b }) => [a, b]),
    { format: 'pt', lora_rank: `${rank}`, lora_alpha: `${alpha}` },
  );
