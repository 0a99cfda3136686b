import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line itself, from its sources, with what it reads given at once. */
export async function runCli(
  args: readonly string[],
  { stdin = '', cwd = root }: { readonly stdin?: string; readonly cwd?: string } = {},
): Promise<CliResult> {
  const flags = ['--import', join(root, 'node_modules/tsx/dist/esm/index.mjs'), '--conditions=source'];
  const child = spawn(process.execPath, [...flags, join(root, 'packages/cli/src/main.ts'), ...args], {
    cwd,
    env: { ...process.env, INIT_CWD: cwd },
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A command that ends before it read everything closes its input: its exit code says how it ended.
  child.stdin.on('error', () => undefined);
  child.stdin.end(stdin);
  const [code] = await once(child, 'close');
  return { code: typeof code === 'number' ? code : null, ...output };
}
