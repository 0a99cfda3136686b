import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `runs/demo/report.json` holds of an evaluation. */
export interface ReportedEvaluation {
  readonly accuracy: number;
  readonly greedyAccuracy: number;
  readonly meanReward: number;
  readonly components: Readonly<Record<string, number>>;
}

export interface DemoReport {
  readonly seed: number;
  readonly seconds: number;
  readonly adapterSha256: string;
  readonly before: ReportedEvaluation;
  readonly after: ReportedEvaluation;
  readonly heldOutCases: number;
}

const root = join(import.meta.dirname, '../../..');

/** Runs the demonstration as a user does, in a folder of its own; `onLine` hears what it prints. */
export async function runDemo(
  args: readonly string[],
  onLine: (line: string, demo: ChildProcess) => void = () => undefined,
): Promise<DemoReport> {
  const dir = await mkdtemp(join(tmpdir(), 'residency-bench-'));
  try {
    const demo = spawn(
      process.execPath,
      [join(root, 'packages/cli/dist/main.js'), 'demo', '--out', dir, ...args],
      {
        cwd: root,
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let rest = '';
    demo.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line, demo);
    });
    const code = await new Promise<number | null>((resolve, reject) => {
      demo.once('error', reject);
      demo.once('close', resolve);
    });
    if (code !== 0) throw new Error(`the demonstration ended with exit code ${code}`);
    return JSON.parse(await readFile(join(dir, 'report.json'), 'utf8')) as DemoReport; // written by the demonstration
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
