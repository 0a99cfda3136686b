import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DataError, type DataSource } from '@residency/data';
import { TextError } from '@residency/text';
import type { CommandContext } from '../command.js';
import { CliError, messageOf } from '../errors.js';

/** The path of an argument: npm runs scripts in the package's folder and says where it was called. */
export const pathOf = (argument: string, { env }: Pick<CommandContext, 'env'>): string =>
  resolve(env['INIT_CWD'] ?? process.cwd(), argument);

/** A file as the package reads it, named as its user named it. @throws CliError CLI_DATA where there is none */
export async function openDataFile(
  argument: string,
  context: Pick<CommandContext, 'env' | 'signal'>,
): Promise<DataSource> {
  const path = pathOf(argument, context);
  const found = await stat(path).catch((cause: unknown) => {
    throw new CliError('CLI_DATA', `${argument}: cannot be read: ${messageOf(cause)}`, { cause });
  });
  if (!found.isFile()) throw new CliError('CLI_DATA', `${argument}: is not a file`);
  return { name: argument, open: () => createReadStream(path, { signal: context.signal }) };
}

/** Does what may fail for its data; what is wrong with them is all that the user is told. @throws CliError CLI_DATA */
export async function withData<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const isTheirs = error instanceof DataError || error instanceof TextError;
    // What the file system refused while a file was read or written.
    const isSystem = error instanceof Error && 'syscall' in error;
    if (isTheirs || isSystem) throw new CliError('CLI_DATA', messageOf(error), { cause: error });
    throw error;
  }
}
