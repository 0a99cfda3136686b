import { basename, join, resolve } from 'node:path';
import { type GgufImport, importGguf, ModelError } from '@residency/model';
import { choiceFlag, readArguments, textFlag } from './arguments.js';
import type { Command, CommandContext } from './command.js';
import { CliError } from './errors.js';
import { repositoryRoot } from './paths.js';

/** Names of `--dtype` and what they are called in a file. */
const DTYPES = { f32: 'F32', f16: 'F16' } as const;

const flags = {
  out: textFlag('a folder', ''),
  dtype: choiceFlag(['f32', 'f16'], 'f32'),
};

/** The folder of a file that names none: among the models that jobs can name, called like the file. */
export function defaultFolder(file: string): string {
  const name = basename(file).replace(/\.gguf$/i, '');
  const plain = name.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return join(repositoryRoot, 'models', plain.slice(0, 128) || 'imported');
}

const grouped = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => `${grouped(Math.round(bytes / 1e6))} MB`;

/** What was imported, as lines of names and values. */
export function describeImport(model: GgufImport, folder: string): string[] {
  const types = [...model.types].map(([type, count]) => `${type} x ${count}`);
  const rows: readonly (readonly [string, string])[] = [
    ['name', model.name],
    ['architecture', model.architecture],
    ['parameters', grouped(model.parameters)],
    ['tensors', types.join(', ')],
    ['vocabulary', `${grouped(model.vocab)} tokens`],
    ['context', `${grouped(model.context)} tokens`],
    ['rotary scaling', model.ropeScaling],
    ['chat template', model.hasChatTemplate ? 'yes' : 'none'],
    ['weights', megabytes(model.bytes)],
    ['written to', folder],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`);
}

async function run(args: readonly string[], { terminal, env, signal }: CommandContext): Promise<number> {
  const { flags: given, operands } = readArguments(flags, ['GGUF file'], args);
  // npm runs scripts in the package's folder and says where it was called.
  const here = env['INIT_CWD'] ?? process.cwd();
  const file = resolve(here, operands['GGUF file']);
  const folder = given.out === '' ? defaultFolder(file) : resolve(here, given.out);
  try {
    const model = await importGguf(file, folder, {
      dtype: DTYPES[given.dtype],
      signal,
      onTensor: (done, total) => terminal.status(`importing ${basename(file)}: ${done} of ${total} tensors`),
    });
    for (const line of describeImport(model, folder)) terminal.line(line);
    return 0;
  } catch (error) {
    if (!(error instanceof ModelError)) throw error;
    throw new CliError('CLI_IMPORT', error.message, { cause: error });
  }
}

export const importModel: Command = {
  summary: 'import MODEL.gguf [--out FOLDER] [--dtype f32|f16]: make a GGUF file a model that jobs can name',
  run,
};
