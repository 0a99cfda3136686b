import { spawn } from 'node:child_process';
import { access, open, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** What a command left behind; a status of null where it could not be started or did not end in time. */
export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** All that a preflight asks of the machine it runs on. */
export interface Machine {
  readonly platform: string;
  readonly arch: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  run(command: string, args: readonly string[]): Promise<CommandResult>;
  exists(path: string): Promise<boolean>;
  /** Version numbers that stand in a binary as texts of their own. */
  versionsIn(path: string): Promise<readonly string[]>;
  /** The folder of ONNX Runtime's libraries, and the version of its package. */
  runtime(): Promise<{ readonly folder: string; readonly version: string }>;
}

const COMMAND_DEADLINE_MS = 120_000;

/** The machine that this process runs on. */
export const thisMachine: Machine = {
  platform: process.platform,
  arch: process.arch,
  env: process.env,
  run: runCommand,
  exists: (path) =>
    access(path).then(
      () => true,
      () => false,
    ),
  versionsIn: async (path) => {
    const versions = new Set<string>();
    for await (const chunk of chunksOf(path))
      for (const version of findVersions(chunk)) versions.add(version);
    return [...versions];
  },
  runtime: async () => {
    const entry = createRequire(import.meta.url).resolve('onnxruntime-node');
    const root = join(dirname(entry), '..');
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { folder: join(root, 'bin', 'napi-v6', process.platform, process.arch), version };
  },
};

/** Version numbers (`1.30.0`) that stand between two zero bytes. */
export function findVersions(bytes: Buffer): string[] {
  // The zero that ends one text may be the one before the next.
  return [...bytes.toString('latin1').matchAll(/(?<=\0)(1\.\d{1,3}\.\d{1,3})(?=\0)/g)].map(
    ([version]) => version,
  );
}

const CHUNK = 8 << 20;
const OVERLAP = 16;

/** A file in pieces that overlap by more than a version number is long: providers are hundreds of megabytes. */
async function* chunksOf(path: string): AsyncGenerator<Buffer, void, undefined> {
  const file = await open(path);
  try {
    const buffer = Buffer.alloc(CHUNK);
    for (let position = 0; ; position += CHUNK - OVERLAP) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, position);
      if (bytesRead > 0) yield buffer.subarray(0, bytesRead);
      if (bytesRead < CHUNK) return;
    }
  } finally {
    await file.close();
  }
}

function runCommand(command: string, args: readonly string[]): Promise<CommandResult> {
  return new Promise((resolve) => {
    const child = spawn(command, [...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: COMMAND_DEADLINE_MS,
      killSignal: 'SIGKILL',
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', (error) => resolve({ status: null, stdout, stderr: error.message }));
    child.once('close', (status, signal) =>
      resolve({ status, stdout, stderr: signal === null ? stderr : `${stderr}ended by ${signal}` }),
    );
  });
}
