import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pythonLacks } from './python.js';
import { type TemporaryFolder, temporaryFolder } from './temporary-folder.js';

const root = join(import.meta.dirname, '../..');
const PROTO = 'proto/residency/v1/environment.proto';
const START_MS = 60_000;

/** Python with gRPC, and the command that writes its stubs into a folder. */
export interface PythonTools {
  readonly python: string;
  readonly generate: (folder: string) => readonly string[];
}

/** The Python of the system has its packages from the system, whichever comes first on PATH. */
const interpreters = (): readonly string[] => {
  const chosen = process.env['RESIDENCY_PYTHON'];
  return chosen === undefined ? ['python3', '/usr/bin/python3'] : [chosen];
};

const outputOf = (command: string, ...args: readonly string[]): string | null => {
  const { status, stdout } = spawnSync(command, args, { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? stdout.trim() : null;
};

/** The command that writes stubs, up to its outputs: of the interpreter's own package, else of the system. */
function generator(python: string): readonly string[] | null {
  if (pythonLacks(python, ['grpc_tools']) === null) return [python, '-m', 'grpc_tools.protoc'];
  const plugin = outputOf('which', 'grpc_python_plugin');
  if (plugin === null || outputOf('protoc', '--version') === null) return null;
  return ['protoc', `--plugin=protoc-gen-grpc_python=${plugin}`];
}

/** A Python that can serve, with a way to its stubs; null, with a line that says what is missing, without one. */
export function findPythonTools(): PythonTools | null {
  const missing: string[] = [];
  for (const python of interpreters()) {
    const lacks = pythonLacks(python, ['grpc', 'google.protobuf']);
    const command = lacks === null ? generator(python) : null;
    if (command !== null) {
      const outputs = (folder: string) => [`--python_out=${folder}`, `--grpc_python_out=${folder}`];
      return { python, generate: (folder) => [...command, '-I', 'proto', ...outputs(folder), PROTO] };
    }
    missing.push(lacks ?? `${python} lacks grpc_tools, and there is no protoc with grpc_python_plugin`);
  }
  process.stderr.write(`${missing.join('; ')}: tests of the Python environment server are left out\n`);
  return null;
}

/** The server of examples/environment as a process. */
export interface PythonServer extends AsyncDisposable {
  readonly address: string;
  /** Ends it by SIGKILL and waits until it is gone. */
  kill(): Promise<void>;
  /** Asks it to stop; the answer is its exit code. */
  stop(): Promise<number | null>;
}

async function stubs(tools: PythonTools): Promise<TemporaryFolder> {
  const folder = await temporaryFolder();
  const [command = '', ...args] = tools.generate(folder.path);
  const { status, stderr } = spawnSync(command, args, { cwd: root, encoding: 'utf8', timeout: START_MS });
  if (status === 0) return folder;
  await folder[Symbol.asyncDispose]();
  throw new Error(`${command} ${args.join(' ')}: ended with ${status}\n${stderr}`);
}

function listening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const fail = (why: string): void => {
      clearTimeout(timer);
      reject(new Error(`the Python server: ${why}\n${lines.join('\n')}`));
    };
    const timer = setTimeout(() => fail(`not listening in ${START_MS} ms`), START_MS);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code) => fail(`ended with ${code}`));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        if (lines.length < 100) lines.push(line);
        if (!line.startsWith('listening on ')) return;
        clearTimeout(timer);
        resolve(line.slice('listening on '.length));
      });
    }
  });
}

/** Generates the stubs and starts the server, on a free port or the given one. */
export async function startPythonServer(tools: PythonTools, port = 0): Promise<PythonServer> {
  const folder = await stubs(tools);
  const script = join(root, 'examples/environment/server.py');
  const child = spawn(tools.python, [script, '--port', String(port)], {
    env: { ...process.env, PYTHONPATH: folder.path, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
    child.once('error', () => resolve(null));
  });
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return await ended;
  };
  const dispose = async (): Promise<void> => {
    await end('SIGKILL');
    await folder[Symbol.asyncDispose]();
  };
  try {
    return {
      address: await listening(child),
      kill: async () => void (await end('SIGKILL')),
      stop: () => end('SIGTERM'),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
