import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { referenceFile } from '../../support/reference-data.js';
import { untilEnded } from './children.js';
import { type PeerRun, parsePeerRun } from './peer-run.js';

/** A program in Python that does the same work, and why it cannot run where it cannot. */
export type Peer = { readonly script: string } | { readonly leftOut: string };

/** The Python modules that each peer imports. */
const MODULES = {
  learner_torch: ['torch'],
  sampler_transformers: ['torch', 'transformers'],
  smollm2_step: ['torch', 'transformers', 'peft'],
  smollm2_sample: ['torch', 'transformers'],
} as const satisfies Record<string, readonly string[]>;
export type PeerName = keyof typeof MODULES;

const python = (): string => process.env['RESIDENCY_PYTHON'] ?? 'python3';

/** Scripts of this folder, of the folder `RESIDENCY_PEERS`, or of the one beside the checkout. */
function scriptOf(name: PeerName): string | null {
  const own = join(import.meta.dirname, '..', 'peers', `${name}.py`);
  if (existsSync(own)) return own;
  const folder = process.env['RESIDENCY_PEERS'];
  if (folder === undefined) return referenceFile('peers', `${name}.py`);
  const path = join(folder, `${name}.py`);
  return existsSync(path) ? path : null;
}

/** Says on stderr where a peer is left out. The modules are looked up and not imported. */
export function findPeer(name: PeerName): Peer {
  const leftOut = (reason: string): Peer => {
    process.stderr.write(`PEER LEFT OUT: ${name}: ${reason}\n`);
    return { leftOut: reason };
  };
  const script = scriptOf(name);
  if (script === null) return leftOut(`no script ${name}.py; RESIDENCY_PEERS names its folder`);
  const look = `import importlib.util as u, sys; print(*[m for m in sys.argv[1:] if u.find_spec(m) is None])`;
  const { status, stdout } = spawnSync(python(), ['-c', look, ...MODULES[name]], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  if (status !== 0) return leftOut(`${python()} does not run; RESIDENCY_PYTHON names another`);
  if (stdout.trim() !== '')
    return leftOut(`${python()} lacks ${stdout.trim()}; RESIDENCY_PYTHON names another`);
  return { script };
}

/** @throws Error where the script fails or prints no figures */
export async function runPeer(script: string, args: readonly string[]): Promise<PeerRun> {
  // A shell in between, and no exec: on Linux the largest memory that Python reads of itself begins with that
  // of the process that started it. Models are in folders, and a name that is none must not be looked for.
  const child = spawn('sh', ['-c', '"$@"; exit $?', 'sh', python(), script, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, HF_HUB_OFFLINE: '1', TQDM_DISABLE: '1', PYTHONWARNINGS: 'ignore' },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const answer = new Promise<PeerRun>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(parsePeerRun(text));
      else reject(new Error(`${script} ended with ${signal ?? code}`));
    });
  });
  return await untilEnded(child, answer, true);
}
