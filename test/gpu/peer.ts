import { spawn } from 'node:child_process';
import { resolve } from 'node:path';
import type { Precision } from '@residency/tensor';

export type PeerName = 'learner' | 'sampler';

export interface PeerOptions {
  readonly python: string;
  /** `cuda` or `cpu`, as PyTorch names devices. */
  readonly device: 'cuda' | 'cpu';
  readonly dtype: Precision;
  readonly threads: number;
  readonly iterations: number;
}

const DEADLINE_MS = 600_000;

/** Where the peers' scripts lie: beside this file, or beside the bundle. */
const scriptOf = (name: PeerName): string => resolve(import.meta.dirname, `peer_${name}_torch.py`);

/**
 * Runs a PyTorch peer and returns what it printed; `{ absent }` says why where Python or a package is not there.
 */
export async function runPeer(
  name: PeerName,
  config: Readonly<Record<string, number>>,
  { python, device, dtype, threads, iterations }: PeerOptions,
): Promise<Readonly<Record<string, unknown>>> {
  const args = [
    scriptOf(name),
    JSON.stringify({ ...config, threads }),
    ...['--device', device, '--dtype', dtype, '--iterations', `${iterations}`],
  ];
  const { stdout, stderr } = await run(python, args);
  const line = stdout.split('\n').findLast((text) => text.startsWith('{'));
  if (line === undefined) return { absent: stderr.trim().split('\n').at(-1) ?? 'nothing was printed' };
  return JSON.parse(line) as Readonly<Record<string, unknown>>; // the peers print one object
}

function run(command: string, args: readonly string[]): Promise<{ stdout: string; stderr: string }> {
  return new Promise((done) => {
    const child = spawn(command, [...args], { stdio: ['ignore', 'pipe', 'pipe'], timeout: DEADLINE_MS });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error) => done({ stdout, stderr: error.message }));
    child.once('close', (code, signal) =>
      done({ stdout, stderr: stderr || `ended by ${signal ?? `exit code ${code}`}` }),
    );
  });
}
