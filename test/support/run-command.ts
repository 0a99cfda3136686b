import { commands } from '@residency/cli';

/** Runs a command of the command line in this process: its exit code and what it printed. */
export async function runCommand(
  name: string,
  args: readonly string[],
): Promise<{ code: number; lines: string[] }> {
  const lines: string[] = [];
  const context = {
    terminal: { isInteractive: false, line: (text: string) => lines.push(text), status: () => undefined },
    env: {},
    signal: new AbortController().signal,
    hurry: new AbortController().signal,
  };
  const command = commands.get(name);
  if (!command) throw new Error('no such command');
  return { code: await command.run(args, context), lines };
}
