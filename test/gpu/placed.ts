import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WeightFiles } from '@residency/tensor';
import { entryCommand } from '../../packages/tensor/src/process/entry.js';

/** Where ONNX Runtime itself says that it put the nodes of a model, loop bodies included. */
export interface Placed {
  /** Nodes by execution provider. */
  readonly nodes: Readonly<Record<string, number>>;
  /** Names of nodes that are not on the device, where there are any. */
  readonly elsewhere: readonly string[];
  /** Why no session could be made; null where one was. */
  readonly error: string | null;
}

/**
 * Reads the account that ONNX Runtime logs when a session is made with the most talkative log level:
 * ` All nodes placed on [CUDAExecutionProvider]. Number of nodes: 373`, or a block for each provider with a line for each
 * node, `  Det (loop7/d)`.
 */
export function parsePlacements(log: string, device: string): Pick<Placed, 'nodes' | 'elsewhere'> {
  const nodes: Record<string, number> = {};
  const elsewhere: string[] = [];
  let provider = '';
  for (const line of log.split('\n')) {
    if (!line.includes('VerifyEachNodeIsAssignedToAnEp]')) continue;
    const text = line.slice(line.indexOf('VerifyEachNodeIsAssignedToAnEp]') + 31);
    const block = /placed on \[(\w+)\]\. Number of nodes: (\d+)/.exec(text);
    if (block) {
      provider = block[1] ?? '';
      nodes[provider] = (nodes[provider] ?? 0) + Number(block[2]);
    } else if (/^ {3}\S/.test(text) && provider !== device) elsewhere.push(text.trim());
  }
  return { nodes, elsewhere };
}

/** Makes a session of a model on a GPU in a process of its own, and reads where its nodes went. */
export async function placedNodes(
  model: Uint8Array,
  weights: WeightFiles | null,
  index: number,
): Promise<Placed> {
  const folder = await mkdtemp(join(tmpdir(), 'residency-placed-'));
  try {
    const path = join(folder, 'model.onnx');
    await writeFile(path, model);
    const isSource = import.meta.url.endsWith('.ts');
    const entry = entryCommand(new URL(isSource ? './placed-main.ts' : './placed-main.js', import.meta.url));
    const args = [...entry.execArgv, entry.path, path, weights?.folder ?? '', `${index}`];
    const { status, stderr } = await run(process.execPath, args);
    const said = stderr.split('\n').find((line) => line.startsWith('failed: '));
    const error = status === 0 ? null : (said ?? `exit code ${status}`);
    return { ...parsePlacements(stderr, 'CUDAExecutionProvider'), error };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function run(command: string, args: readonly string[]): Promise<{ status: number | null; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], { stdio: ['ignore', 'ignore', 'pipe'], timeout: 120_000 });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error) => resolve({ status: null, stderr: `failed: ${error.message}` }));
    child.once('close', (status) => resolve({ status, stderr }));
  });
}
