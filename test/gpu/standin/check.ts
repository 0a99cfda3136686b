import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  checkPlacement,
  compile,
  createChildRunner,
  emitModel,
  type Precision,
  showProblem,
  thisMachine,
} from '@residency/tensor';
import { entryCommand } from '../../../packages/tensor/src/process/entry.js';
import { placedNodes } from '../placed.js';
import { allCases, allPrograms, type CaseModel, openCaseModel } from '../programs.js';
import { type ModelShape, writeRandomModel } from '../random-model.js';
import { countTraffic, isLittle, TRAFFIC_MODEL } from './traffic.js';

/**
 * Asks the real CUDA provider, on a GPU or on the stand-in of this folder, where the nodes of every program go and which
 * operators it runs, and compares both with the table in packages/tensor/src/device/cuda-operators.ts. One JSON line for
 * each answer; exit code 1 where one disagrees.
 */

const TINY: ModelShape = { D: 32, L: 2, H: 4, KV: 2, dh: 8, F: 48, V: 64 };
const FIRST_GPU = { kind: 'cuda', index: 0 } as const;
const SHAPE = { P: 5, S: 3, G: 2 };
const DEADLINE = { deadlineMs: 120_000 };
const isSource = import.meta.url.endsWith('.ts');
const beside = (name: string): URL => new URL(isSource ? `./${name}.ts` : `./${name}.js`, import.meta.url);

const sessionMain = isSource
  ? new URL('../../../packages/tensor/src/device/session-main.ts', import.meta.url)
  : beside('session-main');

interface Recorded {
  readonly operators: Readonly<Record<string, readonly string[]>>;
}

const print = (line: Readonly<Record<string, unknown>>): boolean => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
  return line['ok'] === true;
};

async function checkPrograms(model: CaseModel, precision: Precision): Promise<boolean> {
  let ok = true;
  const weights = await model.weights(precision);
  for (const [program, traced] of allPrograms(model.config)) {
    const { bytes } = emitModel(traced, weights.locations, precision);
    const problems = checkPlacement(bytes).map(showProblem);
    const { nodes, elsewhere, error } = await placedNodes(bytes, weights, 0);
    const isPlaced = error === null && Object.keys(nodes).join() === 'CUDAExecutionProvider';
    const line = { program, dtype: precision, nodes, elsewhere, error, problems };
    ok = print({ ...line, ok: isPlaced && problems.length === 0 }) && ok;
  }
  const runner = createChildRunner(DEADLINE);
  try {
    for (const { name, program, sizes, inputs } of allCases(model.config, SHAPE)) {
      const options = { runner, threads: 1, weights, device: FIRST_GPU, precision };
      const error = await compile(program, options)
        .then((session) => session.run(sizes, inputs))
        .then(
          () => null,
          (reason: unknown) => (reason instanceof Error ? reason.message : String(reason)),
        );
      ok = print({ run: name, dtype: precision, error, ok: error === null }) && ok;
    }
  } finally {
    await runner.close();
  }
  return ok;
}

async function checkOperators(): Promise<boolean> {
  const { path, execArgv } = entryCommand(beside('operators-main'));
  const { status, stdout, stderr } = await thisMachine.run(process.execPath, [...execArgv, path]);
  if (status !== 0) return print({ operators: 0, error: stderr.trim().split('\n').at(-1), ok: false });
  const found = JSON.parse(stdout) as Recorded['operators']; // what operators-main prints
  const recorded = JSON.parse(
    await readFile(new URL('./recorded.json', import.meta.url), 'utf8'),
  ) as Recorded;
  const names = new Set([...Object.keys(recorded.operators), ...Object.keys(found)]);
  const differing = [...names].flatMap((operator) => {
    const both = { recorded: recorded.operators[operator] ?? [], found: found[operator] ?? [] };
    return [...both.recorded].sort().join() === [...both.found].sort().join() ? [] : [{ operator, ...both }];
  });
  return print({ operators: Object.keys(found).length, differing, ok: differing.length === 0 });
}

/** Whether cuBLAS starts with TF32 switched off. Only the stand-in tells: no line on a GPU. */
async function checkTf32(): Promise<boolean> {
  process.env['STANDIN_REPORT'] = '1';
  const { path, execArgv } = entryCommand(sessionMain);
  const { stderr } = await thisMachine.run(process.execPath, [...execArgv, path, 'cuda:0']);
  const [, override] = /\{"tf32Override":"(.*)"\}/.exec(stderr) ?? [];
  return override === undefined || print({ tf32Override: override, ok: override === '0' });
}

/** What crosses the bus in a learner's and a sampler's run with an adapter. Only the stand-in counts: no line on a GPU. */
async function checkTraffic(folder: string): Promise<boolean> {
  await writeRandomModel(folder, TRAFFIC_MODEL);
  let ok = true;
  for (const which of ['learner', 'sampler'] as const) {
    for (const dtype of ['f32', 'bf16'] as const) {
      const traffic = await countTraffic(beside('traffic-main'), folder, which, dtype);
      ok = (traffic === null || print({ traffic, ok: isLittle(traffic) })) && ok;
    }
  }
  return ok;
}

async function main(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'residency-standin-'));
  try {
    await writeRandomModel(folder, TINY);
    const model = await openCaseModel(folder, folder);
    const results: boolean[] = [];
    for (const precision of ['f32', 'bf16', 'f16'] as const)
      results.push(await checkPrograms(model, precision));
    results.push(await checkTraffic(join(folder, 'traffic')), await checkOperators(), await checkTf32());
    return results.every(Boolean);
  } finally {
    await rm(folder, { recursive: true });
  }
}

process.exitCode = (await main()) ? 0 : 1;
