import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** How Node.js runs a module of this repository as a process of its own. */
export interface EntryCommand {
  readonly path: string;
  /** Arguments of Node.js itself: those that TypeScript source needs in development, none when built. */
  readonly execArgv: readonly string[];
}

export function entryCommand(entry: URL): EntryCommand {
  const path = fileURLToPath(entry);
  return { path, execArgv: path.endsWith('.ts') ? sourceFlags() : [] };
}

/** Only in development, where the loader is installed. */
function sourceFlags(): string[] {
  const loader = createRequire(import.meta.url).resolve('tsx');
  return ['--import', pathToFileURL(loader).href, '--conditions=source'];
}
