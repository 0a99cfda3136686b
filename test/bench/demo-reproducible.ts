/**
 * Runs the demonstration with one seed five times and prints one JSON line each: twice as it is, with one and with three
 * rollout workers, and with a rollout and a rubric worker killed in the middle. All adapters must have one SHA-256.
 * `npm run bench -- demo-reproducible [seed]`
 */
import { type ChildProcess, execFileSync } from 'node:child_process';
import { runDemo } from './support/demo-run.js';

const seed = process.argv[2] ?? '1';

/** Ends one child of the demonstration that runs a service, as a crash would. */
function killService(demo: ChildProcess, service: string): number {
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' });
  const rows = table.split('\n').map((row) => row.trim().split(/\s+/));
  const victim = rows.find(
    ([, parent, ...args]) => Number(parent) === demo.pid && args.join(' ').includes(`services/${service}`),
  );
  const pid = Number(victim?.[0]);
  if (!Number.isInteger(pid)) throw new Error(`the demonstration runs no ${service}`);
  process.kill(pid, 'SIGKILL');
  return pid;
}

/** Kills both workers as soon as a step in the middle of the run is shown. */
function killer(killed: string[]): (line: string, demo: ChildProcess) => void {
  return (line, demo) => {
    const [, step, total] = /step (\d+)\/(\d+)/.exec(line) ?? [];
    if (killed.length > 0 || step === undefined || Number(step) < Number(total) / 3) return;
    for (const service of ['rollout', 'reward-rubric'])
      killed.push(`${service} ${killService(demo, service)} after step ${step}`);
  };
}

const runs = [
  { name: 'two rollout workers', args: ['--rollout-workers', '2'], kills: false },
  { name: 'again', args: ['--rollout-workers', '2'], kills: false },
  { name: 'one rollout worker', args: ['--rollout-workers', '1'], kills: false },
  { name: 'three rollout workers', args: ['--rollout-workers', '3'], kills: false },
  { name: 'rollout and rubric worker killed', args: ['--rollout-workers', '2'], kills: true },
];

const seen = new Set<string>();
for (const { name, args, kills } of runs) {
  const killed: string[] = [];
  const report = await runDemo(['--seed', seed, ...args], kills ? killer(killed) : undefined);
  if (kills && killed.length === 0) throw new Error('no worker was killed: the run was too short');
  seen.add(JSON.stringify([report.adapterSha256, report.before, report.after]));
  console.log(
    JSON.stringify({
      bench: 'demo-reproducible',
      run: name,
      killed,
      adapterSha256: report.adapterSha256,
      accuracy: report.after.accuracy,
    }),
  );
}
console.log(JSON.stringify({ bench: 'demo-reproducible', distinctResults: seen.size }));
process.exitCode = seen.size === 1 ? 0 : 1;
