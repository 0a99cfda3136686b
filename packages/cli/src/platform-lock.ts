import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from './errors.js';

/** Names the process that holds a folder. */
export const LOCK_FILE = 'platform.pid';

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function tryTake(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx' });
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Takes a folder for this process: two platforms must not write into one append-only file. A lock whose owner is no
 * longer alive is taken over.
 * @returns gives the folder back
 * @throws CliError CLI_ALREADY_RUNNING
 */
export function lockFolder(dir: string): () => void {
  mkdirSync(dir, { recursive: true });
  const path = join(dir, LOCK_FILE);
  if (!tryTake(path)) {
    const owner = Number(readFileSync(path, 'utf8'));
    if (Number.isInteger(owner) && owner > 0 && owner !== process.pid && isAlive(owner)) {
      throw new CliError('CLI_ALREADY_RUNNING', `process ${owner} runs a platform in ${dir}: stop it first`);
    }
    rmSync(path, { force: true });
    if (!tryTake(path))
      throw new CliError('CLI_ALREADY_RUNNING', `another platform has just started in ${dir}`);
  }
  return () => rmSync(path, { force: true });
}
