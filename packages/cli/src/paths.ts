import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root of the repository; this file lies in packages/cli/src, or built in packages/cli/dist. */
export const repositoryRoot: string = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** Where `start` keeps what outlives it. */
export const stateDir: string = join(repositoryRoot, '.residency');

/** Where commands leave their results. */
export const runsDir: string = join(repositoryRoot, 'runs');
