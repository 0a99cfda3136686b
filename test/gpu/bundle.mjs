// Bundles the command of this folder, so that a machine without network and without node_modules can run it: only
// onnxruntime-node stays outside.
// usage: node test/gpu/bundle.mjs [OUTPUT_FOLDER=.residency/gpu]
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..', '..');
const out = resolve(process.argv[2] ?? join(root, '.residency', 'gpu'));

// The compiler that the TypeScript loader brings along.
const loader = createRequire(import.meta.url).resolve('tsx');
const { build } = await import(createRequire(loader).resolve('esbuild'));

/** The command and the modules that run as processes of their own; each looks for the others beside itself. */
const entries = [
  'test/gpu/run.ts',
  'test/gpu/placed-main.ts',
  'test/gpu/standin/check.ts',
  'test/gpu/standin/operators-main.ts',
  'test/gpu/standin/traffic-main.ts',
  'packages/tensor/src/device/session-main.ts',
  'packages/tensor/src/runner/child-main.ts',
  'packages/model/src/engine/engine-main.ts',
];

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  entryPoints: entries.map((entry) => ({
    in: join(root, entry),
    out: entry.split('/').at(-1).replace('.ts', ''),
  })),
  outdir: out,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  conditions: ['source'],
  external: ['onnxruntime-node'],
  logLevel: 'warning',
});
writeFileSync(join(out, 'package.json'), '{"type":"module"}\n');
const gpu = join(root, 'test', 'gpu');
for (const file of readdirSync(gpu).filter((name) => name.endsWith('.py')))
  copyFileSync(join(gpu, file), join(out, file));
copyFileSync(join(gpu, 'standin', 'recorded.json'), join(out, 'recorded.json'));
process.stdout.write(`${out}\n`);
