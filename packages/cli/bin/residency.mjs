#!/usr/bin/env node
// `npx residency COMMAND`: what the repository's entry script does, from any folder.
process.env.INIT_CWD = process.cwd();
await import('../../../scripts/run.mjs');
