import { createHash } from 'node:crypto';
import { exportPeft, ModelError, parseLoraAdapter } from '@residency/model';
import { CliError } from './errors.js';

export interface AdapterSource {
  /** Safetensors bytes with PEFT's tensor names, rank and alpha in their metadata. */
  readonly bytes: Uint8Array;
  /** SHA-256 that the bytes must have, lower-case hexadecimal. */
  readonly sha256: string;
  readonly baseModel: string;
}

/**
 * Writes an adapter as a new folder that PEFT loads: the bytes as adapter_model.safetensors, and
 * adapter_config.json.
 * @throws CliError CLI_ARTIFACT where the bytes are not those of the hash, or no LoRA adapter, or the folder
 * is in use
 */
export async function writeAdapterFolder(dir: string, source: AdapterSource): Promise<void> {
  const { bytes, sha256, baseModel } = source;
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found !== sha256) throw new CliError('CLI_ARTIFACT', `adapter: SHA-256 is ${found}, want ${sha256}`);
  try {
    await exportPeft({ adapter: parseLoraAdapter(bytes, 'adapter'), bytes, baseModel, outDir: dir });
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new CliError('CLI_ARTIFACT', error.message, { cause: error });
  }
}
