import { decodeAdapter, type Engine, type LearnHyperparameters, openEngine } from '@residency/model';
import {
  CPU,
  checkPlacement,
  compile,
  createChildRunner,
  type Device,
  emitModel,
  type SessionRunner,
  showDevice,
  showProblem,
  type TensorData,
} from '@residency/tensor';
import { placedNodes } from './placed.js';
import {
  allCases,
  allPrograms,
  type CaseModel,
  type GroupShape,
  isGradient,
  type ProgramCase,
} from './programs.js';
import { type Records, testedKey } from './record.js';

export interface CheckOptions {
  readonly device: Device;
  readonly threads: number;
  readonly model: CaseModel;
  readonly modelDir: string;
  readonly shape: GroupShape;
  readonly records: Records;
}

/**
 * Largest relative difference of float32 sums taken in another order, TF32 off: the longest sums are over some thousand
 * terms, each rounded to 6e-8.
 */
const TOLERANCE = 1e-4;
const DEADLINE = { deadlineMs: 900_000 };

/** Largest |a - b| relative to the largest |b|. */
export function relativeDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let [worst, scale] = [0, 0];
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    const d = Math.abs(x - y);
    if (Number.isNaN(d)) return Number.NaN;
    worst = Math.max(worst, d);
    scale = Math.max(scale, Math.abs(y));
  }
  return worst === 0 ? 0 : worst / (scale || Number.MIN_VALUE);
}

const numbers = (data: TensorData | undefined): number[] => Array.from(data ?? [], Number);

async function runOn(
  runner: SessionRunner,
  device: Device,
  c: ProgramCase,
  { model, threads }: CheckOptions,
): Promise<Record<string, TensorData>> {
  const session = await compile(c.program, { runner, device, threads, weights: model.weights });
  try {
    return await session.run(c.sizes, c.inputs, DEADLINE);
  } finally {
    await session.close();
  }
}

/** Where each program's nodes are placed: by our table, and on a GPU by ONNX Runtime's own account. */
export async function checkPlacements({ device, model, records }: CheckOptions): Promise<void> {
  for (const [name, program] of allPrograms(model.config)) {
    const { bytes } = emitModel(program, model.weights.locations);
    const problems = checkPlacement(bytes).map(showProblem);
    const placed = device.kind === 'cuda' ? await placedNodes(bytes, model.weights, device.index) : null;
    const isPlaced =
      placed === null ||
      (placed.error === null && Object.keys(placed.nodes).join() === 'CUDAExecutionProvider');
    records.add({
      check: 'placement',
      config: { program: name },
      ...(placed === null ? {} : { cuda: { ...placed } }),
      difference: { problems },
      ok: problems.length === 0 && isPlaced,
    });
  }
}

/** Losses, gradients and log-probabilities of one run, and the ids and log-probabilities of greedy samples. */
export async function checkPrograms(options: CheckOptions): Promise<void> {
  const { device, model, shape, records } = options;
  const [tested, reference] = [createChildRunner(DEADLINE), createChildRunner(DEADLINE)];
  try {
    for (const each of allCases(model.config, shape)) {
      const config = { program: each.name, ...each.sizes, dtype: 'f32' };
      try {
        const theirs = await runOn(reference, CPU, each, options);
        const ours = await runOn(tested, device, each, options);
        records.add({ check: 'program', config, ...compared(ours, theirs, device) });
      } catch (error) {
        records.add({ check: 'program', config, difference: { error: messageOf(error) }, ok: false });
      }
    }
  } finally {
    await Promise.all([tested.close(), reference.close()]);
  }
}

type Comparison = Omit<Parameters<Records['add']>[0], 'check' | 'bench' | 'config'>;

function compared(
  ours: Record<string, TensorData>,
  theirs: Record<string, TensorData>,
  device: Device,
): Comparison {
  const names = Object.keys(theirs);
  const differenceOf = (some: readonly string[]): number =>
    some.reduce((worst, n) => Math.max(worst, relativeDifference(numbers(ours[n]), numbers(theirs[n]))), 0);
  const ids = names.filter((n) => theirs[n] instanceof BigInt64Array);
  const gradients = names.filter(isGradient);
  const values = names.filter((n) => !ids.includes(n) && !gradients.includes(n));
  const idsEqual = ids.every((n) => numbers(ours[n]).join() === numbers(theirs[n]).join());
  const difference = {
    values: differenceOf(values),
    ...(gradients.length === 0 ? {} : { gradients: differenceOf(gradients) }),
    ...(ids.length === 0 ? {} : { idsEqual }),
  };
  const worst = Math.max(difference.values, difference.gradients ?? 0);
  const summary = (out: Record<string, TensorData>): Record<string, unknown> =>
    Object.fromEntries(values.map((n) => [n, numbers(out[n]).slice(0, 4)]));
  return {
    [testedKey(showDevice(device))]: summary(ours),
    cpu: summary(theirs),
    difference: { ...difference, tolerance: TOLERANCE },
    // A difference that is no number is no agreement.
    ok: idsEqual && worst <= TOLERANCE,
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const HYPERPARAMETERS: LearnHyperparameters = {
  learningRate: 1e-3,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  weightDecay: 0,
  maxGradNorm: 1,
  clipLow: 0.2,
  clipHigh: 0.2,
  klCoefficient: 0.05,
  temperature: 1,
};

interface EngineRun {
  readonly ids: readonly number[];
  readonly loss: number;
  readonly gradNorm: number;
  readonly adapter: Uint8Array;
}

/** One turn of the whole engine: a first adapter, greedy samples, one step on them, greedy samples after it. */
async function engineRun(engine: Engine, { G, P, S }: GroupShape): Promise<EngineRun> {
  const promptIds = Array.from({ length: P }, (_, i) => (7 * i + 3) % engine.model.vocabSize);
  const request = {
    promptIds,
    temperatures: new Array<number>(G).fill(0),
    maxNewTokens: S,
    stopIds: [],
    key: { seed: 1, step: 0, prompt: 0 },
  };
  const state = await engine.initState({ seed: 1, rank: 8, alpha: 16 }, DEADLINE);
  const before = await engine.sample(
    { ...request, adapter: { sha256: 'first', bytes: state.adapter } },
    DEADLINE,
  );
  const samples = before.map(({ ids, logprobs }, g) => ({
    ids,
    logprobs,
    advantage: g % 2 === 0 ? 1 : -0.5,
  }));
  const learned = await engine.learn(
    { state, groups: [{ promptIds, samples }], hyperparameters: HYPERPARAMETERS },
    DEADLINE,
  );
  const adapter = { sha256: 'second', bytes: learned.state.adapter };
  const after = await engine.sample({ ...request, adapter }, DEADLINE);
  return {
    ids: [...before, ...after].flatMap(({ ids }) => ids),
    loss: learned.metrics.loss,
    gradNorm: learned.metrics.gradNorm,
    adapter: learned.state.adapter,
  };
}

/** The engine of the services on both devices: samples at temperature 0, a step, and samples of the next version. */
export async function checkEngine({
  device,
  model,
  modelDir,
  threads,
  shape,
  records,
}: CheckOptions): Promise<void> {
  const run = async (on: Device): Promise<EngineRun> => {
    const engine = await openEngine({ modelDir, threads, device: on });
    try {
      return await engineRun(engine, shape);
    } finally {
      await engine.close();
    }
  };
  const config = { ...shape, dtype: 'f32' };
  try {
    const [theirs, ours] = [await run(CPU), await run(device)];
    const summary = ({ ids, loss, gradNorm }: EngineRun): Record<string, unknown> => ({
      loss,
      gradNorm,
      ids: ids.slice(0, 8),
    });
    const values = (bytes: Uint8Array): number[] =>
      decodeAdapter(bytes, model.config).tensors.flatMap(({ data }) => [...data]);
    const difference = {
      loss: relativeDifference([ours.loss], [theirs.loss]),
      gradNorm: relativeDifference([ours.gradNorm], [theirs.gradNorm]),
      // Adam divides by the gradient's own size: where that is noise, a step may point the other way. Told, not judged.
      adapter: relativeDifference(values(ours.adapter), values(theirs.adapter)),
      idsEqual: ours.ids.join() === theirs.ids.join(),
    };
    records.add({
      check: 'engine',
      config,
      [testedKey(showDevice(device))]: summary(ours),
      cpu: summary(theirs),
      difference: { ...difference, tolerance: TOLERANCE },
      ok: difference.idsEqual && Math.max(difference.loss, difference.gradNorm) <= TOLERANCE,
    });
  } catch (error) {
    records.add({ check: 'engine', config, difference: { error: messageOf(error) }, ok: false });
  }
}
