import { commands } from './commands.js';
import { CliError } from './errors.js';
import { createTerminal } from './terminal.js';

const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** npm and the terminal may both deliver one ctrl-C: within this time they count as one. */
const SAME_REQUEST_MS = 1_000;

/** Exit codes: 0 done, 1 failed, 2 not understood, 130 stopped by the user. */
async function main(args: readonly string[]): Promise<number> {
  const terminal = createTerminal(process.stdout);
  const stop = new AbortController();
  const hurry = new AbortController();
  let firstAt: number | null = null;
  const onSignal = (): void => {
    const now = performance.now();
    firstAt ??= now;
    if (!stop.signal.aborted) stop.abort(new CliError('CLI_STOPPED', 'stopped'));
    else if (now - firstAt > SAME_REQUEST_MS) hurry.abort();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  const [name = '', ...rest] = args;
  const command = commands.get(name);
  if (command === undefined) {
    const list = [...commands.values()].map(({ summary }) => `  residency ${summary}`);
    terminal.line(['usage:', ...list].join('\n'));
    return name === '' || name === '--help' || name === 'help' ? 0 : 2;
  }
  try {
    return await command.run(rest, { terminal, env: process.env, signal: stop.signal, hurry: hurry.signal });
  } catch (error) {
    if (stop.signal.aborted) return 130;
    if (!(error instanceof CliError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.code === 'CLI_USAGE' ? 2 : 1;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}

process.exitCode = await main(process.argv.slice(2));
