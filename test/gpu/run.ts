import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Device, formatReport, type Precision, parseDevice, preflight } from '@residency/tensor';
import { type BenchConfig, benchLearner, benchSampler } from './benches.js';
import { checkPlacements, checkPrograms } from './checks.js';
import { checkEngine } from './engine-check.js';
import { openCaseModel } from './programs.js';
import { writeRandomModel } from './random-model.js';
import { Records } from './record.js';

const usage = `usage: run [--device cuda:0] [--dtype f32|bf16|f16]... [--bench tiny|small|large]...
           [--no-checks] [--no-peer] [--no-cpu] [--python python3] [--threads N] [--iterations N]
           [--keep-going]   although the device fails its preflight
Checks the device against the processor and measures it; one JSON line for each result, exit code 1 if one is not ok.`;

/** The model of the checks: large enough for sums of hundreds of terms, small enough for seconds on a processor. */
const CHECK: BenchConfig = { D: 128, L: 3, H: 8, KV: 4, dh: 16, F: 352, V: 512, r: 8, P: 48, S: 24, G: 4 };

const BENCHES: Readonly<Record<string, BenchConfig>> = {
  tiny: { ...CHECK, S: 16 },
  small: { D: 512, L: 8, H: 8, KV: 4, dh: 64, F: 1408, V: 4096, r: 8, P: 512, S: 64, G: 8 },
  large: { D: 1024, L: 24, H: 16, KV: 4, dh: 64, F: 2816, V: 32_000, r: 8, P: 1024, S: 256, G: 8 },
};

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      device: { type: 'string', default: 'cuda:0' },
      dtype: { type: 'string', multiple: true, default: ['bf16', 'f32'] },
      bench: { type: 'string', multiple: true, default: ['small', 'large'] },
      'no-checks': { type: 'boolean', default: false },
      'no-peer': { type: 'boolean', default: false },
      'no-cpu': { type: 'boolean', default: false },
      python: { type: 'string', default: process.env['RESIDENCY_PYTHON'] ?? 'python3' },
      threads: { type: 'string', default: '1' },
      iterations: { type: 'string', default: '10' },
      'keep-going': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const device = parseDevice(values.device);
  if (device.kind === 'auto') throw new TypeError('--device: want cpu or cuda:N, found auto');
  const benches = values.bench
    .filter((name) => name !== 'none')
    .map((name) => [name, BENCHES[name]] as const);
  for (const [name, config] of benches) {
    if (!config)
      throw new TypeError(`--bench: want ${Object.keys(BENCHES).join(', ')} or none, found ${name}`);
  }
  const precisions = precisionsOf(values.dtype, device);
  const [threads, iterations] = [Number(values.threads), Number(values.iterations)];
  const records = new Records();
  if (!(await checkDevice(device, records)) && !values['keep-going']) return 1;
  const folder = await mkdtemp(join(tmpdir(), 'residency-gpu-'));
  try {
    if (!values['no-checks']) {
      const modelDir = join(folder, 'check');
      await writeRandomModel(modelDir, CHECK);
      const cacheDir = join(modelDir, 'cache');
      const model = await openCaseModel(modelDir, cacheDir);
      const { P, S, G } = CHECK;
      for (const precision of precisions) {
        const where = { modelDir, cacheDir, shape: { P, S, G } };
        const options = { device, precision, threads, model, ...where, records };
        await checkPlacements(options);
        await checkPrograms(options);
        await checkEngine(options);
      }
    }
    for (const [name, config] of benches) {
      if (!config) continue;
      const dir = join(folder, name);
      await writeRandomModel(dir, config);
      const model = await openCaseModel(dir, join(dir, 'cache'));
      for (const precision of precisions) {
        const peer = { python: values.python, device: device.kind, dtype: precision, threads, iterations };
        const options = {
          ...{ device, precision, threads, iterations, model, config, records },
          // It has one number for all types.
          withCpu: !values['no-cpu'] && name !== 'large' && precision === precisions.at(-1),
          peer: values['no-peer'] ? null : peer,
        };
        await benchLearner(options);
        await benchSampler(options);
      }
      await rm(dir, { recursive: true });
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const { failures, count } = records;
  process.stderr.write(
    `${count - failures.length} of ${count} ok${failures.length === 0 ? '' : `; not: ${failures.join(', ')}`}\n`,
  );
  return failures.length === 0 ? 0 : 1;
}

const PRECISIONS: readonly string[] = ['f32', 'bf16', 'f16'] satisfies readonly Precision[];
const isPrecision = (text: string): text is Precision => PRECISIONS.includes(text);

/** The types to test, once each; the processor has one. */
function precisionsOf(names: readonly string[], device: Device): Precision[] {
  const wrong = names.find((name) => !isPrecision(name));
  if (wrong !== undefined) throw new TypeError(`--dtype: want ${PRECISIONS.join(', ')}, found ${wrong}`);
  const asked = [...new Set(names.filter(isPrecision))];
  if (device.kind === 'cuda') return asked;
  const left = asked.filter((name) => name !== 'f32');
  if (left.length === asked.length)
    throw new TypeError(`--dtype: want f32, found ${asked.join(', ')}: the processor has no other products`);
  if (left.length > 0)
    process.stderr.write(`left out: ${left.join(', ')}, for the processor has products in f32 only\n`);
  return ['f32'];
}

async function checkDevice(device: Device, records: Records): Promise<boolean> {
  const report = await preflight(device);
  for (const line of formatReport(report)) process.stderr.write(`${line}\n`);
  records.add({
    check: 'preflight',
    config: {
      device: report.device,
      node: process.version,
      tf32: process.env['NVIDIA_TF32_OVERRIDE'] ?? '0',
    },
    difference: { failed: report.checks.filter(({ ok }) => !ok) },
    ok: report.ok,
  });
  return report.ok;
}

process.exitCode = await main();
