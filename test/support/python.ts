import { spawn, spawnSync } from 'node:child_process';

/** Longest that a script may take, its imports included. */
const DEADLINE_MS = 110_000;

const interpreter = (): string => process.env['RESIDENCY_PYTHON'] ?? 'python3';

// A name with a dot imports its parent, which may be absent too.
const LOOK = `import importlib.util, sys
def lacks(name):
    try:
        return importlib.util.find_spec(name) is None
    except ModuleNotFoundError:
        return True
print([name for name in sys.argv[1:] if lacks(name)])`;

/**
 * What keeps an interpreter from importing all modules, or null where nothing does. Modules are looked up and not
 * imported, so that asking is quick.
 */
export function pythonLacks(python: string, modules: readonly string[]): string | null {
  const { status, stdout } = spawnSync(python, ['-c', LOOK, ...modules], {
    encoding: 'utf8',
    timeout: 10_000,
  });
  if (status !== 0) return `${python} does not run`;
  return stdout.trim() === '[]' ? null : `${python} lacks ${stdout.trim()}`;
}

/**
 * The Python interpreter of `RESIDENCY_PYTHON`, else `python3`, where it has all modules; null, with a line
 * that says so, where not.
 */
export function findPython(modules: readonly string[]): string | null {
  const python = interpreter();
  const lacks = pythonLacks(python, modules);
  if (lacks === null) return python;
  process.stderr.write(`${lacks}, tests that need ${modules.join(', ')} are left out\n`);
  return null;
}

/**
 * Runs a script, given as its text, with JSON on its standard input, and reads the JSON that it prints on its
 * last line. It is killed at the deadline.
 */
export async function runPython(script: string, input: unknown, deadlineMs = DEADLINE_MS): Promise<unknown> {
  const child = spawn(interpreter(), ['-c', script], {
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
    // Models are in folders: a name that is none must fail and not be looked for.
    env: { ...process.env, HF_HUB_OFFLINE: '1', OMP_NUM_THREADS: '1' },
  });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  // A script that ends before it has read its input says why on its standard error.
  child.stdin.on('error', () => undefined).end(JSON.stringify(input));
  const status = await new Promise<number | string | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve(code ?? signal));
  });
  if (status !== 0) throw new Error(`the Python script ended with ${status}:\n${text.err.slice(-4000)}`);
  return JSON.parse(text.out.trim().split('\n').at(-1) ?? '');
}
