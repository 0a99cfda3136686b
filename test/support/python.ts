import { spawn, spawnSync } from 'node:child_process';

/** Longest that a script may take, its imports included. */
const DEADLINE_MS = 110_000;

const interpreter = (): string => process.env['RESIDENCY_PYTHON'] ?? 'python3';

/**
 * The Python interpreter of `RESIDENCY_PYTHON`, else `python3`, where it has all modules; null, with a line that says so,
 * where not. Modules are looked up and not imported, so that asking is quick.
 */
export function findPython(modules: readonly string[]): string | null {
  const python = interpreter();
  const look = `import importlib.util as u, sys; print([m for m in sys.argv[1:] if u.find_spec(m) is None])`;
  const { status, stdout } = spawnSync(python, ['-c', look, ...modules], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (status === 0 && stdout.trim() === '[]') return python;
  const lacks = status === 0 ? `lacks ${stdout.trim()}` : 'does not run';
  process.stderr.write(`${python} ${lacks}, tests that need ${modules.join(', ')} are left out\n`);
  return null;
}

/** Runs a script with JSON on its standard input, and reads the JSON that it prints on its last line. */
export async function runPython(script: string, input: unknown): Promise<unknown> {
  const child = spawn(interpreter(), ['-c', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  child.stdin.end(JSON.stringify(input));
  const status = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`the Python script ended with ${status}:\n${text.err.slice(-4000)}`);
  return JSON.parse(text.out.trim().split('\n').at(-1) ?? '');
}
