import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelError, parseSafetensors, peftConfig } from '@residency/model';
import { CliError } from './errors.js';

export interface AdapterSource {
  /** Safetensors bytes with PEFT's tensor names, rank and alpha in their metadata. */
  readonly bytes: Uint8Array;
  /** SHA-256 that the bytes must have, lower-case hexadecimal. */
  readonly sha256: string;
  readonly baseModel: string;
}

/** What PEFT needs to load the adapter, from what its file says of itself. */
function adapterConfig({ bytes, baseModel }: AdapterSource): Readonly<Record<string, unknown>> {
  try {
    const { entries, metadata } = parseSafetensors(bytes, 'adapter');
    const rank = Number(metadata['lora_rank']);
    const alpha = Number(metadata['lora_alpha']);
    const isAdapter = [...entries.keys()].some((name) => name.endsWith('.lora_A.weight'));
    if (isAdapter && Number.isInteger(rank) && rank > 0 && alpha > 0)
      return peftConfig(baseModel, rank, alpha);
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new CliError('CLI_ARTIFACT', error.message, { cause: error });
  }
  throw new CliError('CLI_ARTIFACT', 'adapter: no LoRA tensors with rank and alpha, want an adapter');
}

/**
 * Writes an adapter as a folder that PEFT loads: adapter_model.safetensors and adapter_config.json.
 * @throws CliError CLI_ARTIFACT where the bytes are not those of the hash, or no LoRA adapter
 */
export async function writeAdapterFolder(dir: string, source: AdapterSource): Promise<void> {
  const found = createHash('sha256').update(source.bytes).digest('hex');
  if (found !== source.sha256) {
    throw new CliError('CLI_ARTIFACT', `adapter: SHA-256 is ${found}, want ${source.sha256}`);
  }
  const config = adapterConfig(source);
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'adapter_model.safetensors'), source.bytes);
  await writeFile(join(dir, 'adapter_config.json'), `${JSON.stringify(config, null, 2)}\n`);
}
