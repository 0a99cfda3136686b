import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import {
  checkFit,
  exportMerged,
  exportPeft,
  ModelError,
  readBaseModel,
  readLoraAdapter,
  readTrainedWeights,
  type WeightDType,
} from '@residency/model';
import { choiceFlag, readFlags, requiredFlag, switchFlag } from './arguments.js';
import type { Command, CommandContext } from './command.js';
import { CliError } from './errors.js';

const DTYPES = { f32: 'F32', f16: 'F16', bf16: 'BF16' } as const satisfies Record<string, WeightDType>;

const flags = {
  base: requiredFlag('the folder of the model that the adapter was trained on'),
  adapter: requiredFlag('an adapter or checkpoint file, or a folder that PEFT saved'),
  out: requiredFlag('a new folder'),
  merged: switchFlag,
  dtype: choiceFlag(['f32', 'f16', 'bf16'], null),
};

async function run(args: readonly string[], { terminal, signal }: CommandContext): Promise<number> {
  const { base: baseDir, adapter: path, out: outDir, merged, dtype } = readFlags(flags, args);
  if (dtype !== null && !merged)
    throw new CliError('CLI_USAGE', '--dtype is for --merged: an adapter is written as f32');
  try {
    const trained = (await stat(path).catch(() => null))?.isFile() ? await readTrainedWeights(path) : null;
    if (trained !== null) {
      if (!merged) throw new CliError('CLI_USAGE', `${path} holds all weights of a model: want --merged`);
      const request = { baseDir, adapter: trained, outDir, dtype: DTYPES[dtype ?? 'f32'], signal };
      const { files, bytes, weights } = await exportMerged(request);
      terminal.line(`${weights} trained weights, ${bytes} bytes: ${files.join(', ')} in ${outDir}`);
      return 0;
    }
    const adapter = await readLoraAdapter(path);
    const found = `${adapter.pairs.length} LoRA pairs of rank ${adapter.rank}`;
    if (merged) {
      const request = { baseDir, adapter, outDir, dtype: DTYPES[dtype ?? 'f32'], signal };
      const { files, bytes, weights } = await exportMerged(request);
      terminal.line(
        `${found} merged into ${weights} weights, ${bytes} bytes: ${files.join(', ')} in ${outDir}`,
      );
    } else {
      checkFit(adapter, await readBaseModel(baseDir));
      await exportPeft({ adapter, baseModel: resolve(baseDir), outDir });
      terminal.line(`${found}: adapter_model.safetensors, adapter_config.json in ${outDir}`);
    }
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new CliError('CLI_MODEL', error.message, { cause: error });
  }
  return 0;
}

/** `residency export`: an adapter as PEFT loads it, or merged into its model as transformers loads it. */
export const exportModel: Command = {
  summary:
    'export --base FOLDER --adapter FILE|FOLDER --out FOLDER [--merged [--dtype f32|f16|bf16]]: ' +
    'write an adapter for PEFT, or merged into its model',
  run,
};
