import {
  CPU,
  checkPlacement,
  compile,
  createChildRunner,
  type Device,
  emitModel,
  type Precision,
  type SessionRunner,
  showDevice,
  showProblem,
  type TensorData,
} from '@residency/tensor';
import { type Difference, differenceOf, equalShare, type Outputs, TOLERANCES } from './difference.js';
import { placedNodes } from './placed.js';
import {
  allCases,
  allPrograms,
  type CaseModel,
  type GroupShape,
  isGradient,
  isSampler,
  type ProgramCase,
  type SamplerCase,
  scoredTokens,
} from './programs.js';
import { type Records, testedKey } from './record.js';

export interface CheckOptions {
  readonly device: Device;
  /** Type of the device's products; the processor it is compared with computes in f32. */
  readonly precision: Precision;
  readonly threads: number;
  readonly model: CaseModel;
  readonly modelDir: string;
  readonly cacheDir: string;
  readonly shape: GroupShape;
  readonly records: Records;
}

export const DEADLINE = { deadlineMs: 900_000 };

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Where each program's nodes are placed: by our table, and on a GPU by ONNX Runtime's own account. */
export async function checkPlacements({ device, precision, model, records }: CheckOptions): Promise<void> {
  const weights = await model.weights(precision);
  for (const [name, program] of allPrograms(model.config)) {
    const { bytes } = emitModel(program, weights.locations, precision);
    const problems = checkPlacement(bytes).map(showProblem);
    const placed = device.kind === 'cuda' ? await placedNodes(bytes, weights, device.index) : null;
    const isPlaced =
      placed === null ||
      (placed.error === null && Object.keys(placed.nodes).join() === 'CUDAExecutionProvider');
    records.add({
      check: 'placement',
      config: { program: name, dtype: precision },
      ...(placed === null ? {} : { cuda: { ...placed } }),
      difference: { problems },
      ok: problems.length === 0 && isPlaced,
    });
  }
}

type Run = (c: ProgramCase) => Promise<Outputs>;

const runOn =
  (runner: SessionRunner, device: Device, precision: Precision, { model, threads }: CheckOptions): Run =>
  async (c) => {
    const weights = await model.weights(precision);
    const session = await compile(c.program, { runner, device, threads, precision, weights });
    try {
      return await session.run(c.sizes, c.inputs, DEADLINE);
    } finally {
      await session.close();
    }
  };

/** Losses, gradients and log-probabilities of one run, and the ids and log-probabilities of greedy samples. */
export async function checkPrograms(options: CheckOptions): Promise<void> {
  const { device, precision, model, shape, records } = options;
  const [tested, reference] = [createChildRunner(DEADLINE), createChildRunner(DEADLINE)];
  const [test, refer] = [runOn(tested, device, precision, options), runOn(reference, CPU, 'f32', options)];
  const tolerance = TOLERANCES[precision](model.config.layers);
  try {
    for (const each of allCases(model.config, shape)) {
      const config = { program: each.name, ...each.sizes, dtype: precision };
      try {
        const [theirs, ours] = [await refer(each), await test(each)];
        const compared =
          isSampler(each) && tolerance.measure === 'norm'
            ? await rescored(each, ours, theirs, refer)
            : { ours, theirs };
        const { isWithin, ...difference } = differenceOf(compared.ours, compared.theirs, tolerance);
        records.add({
          check: 'program',
          config,
          [testedKey(showDevice(device))]: summaryOf(compared.ours),
          cpu: summaryOf(compared.theirs),
          difference: { ...difference, ...compared.share, tolerance: tolerance.limit },
          ok: isWithin,
        });
      } catch (error) {
        records.add({ check: 'program', config, difference: { error: messageOf(error) }, ok: false });
      }
    }
  } finally {
    await Promise.all([tested.close(), reference.close()]);
  }
}

const summaryOf = (out: Outputs): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(out)
      .filter(([name, data]) => !isGradient(name) && data instanceof Float32Array)
      .map(([name, data]) => [name, Array.from(data.subarray(0, 4), Number)]),
  );

interface Compared {
  readonly ours: Outputs;
  readonly theirs: Outputs;
  readonly share?: Pick<Difference, 'idsEqual'>;
}

/**
 * What a sampler in 16 bits says of the ids that it drew, beside what the processor says of the same ids: once two ids
 * differ, where two tokens are almost equally likely, all that follows differs too.
 */
async function rescored(c: SamplerCase, ours: Outputs, theirs: Outputs, refer: Run): Promise<Compared> {
  const ids = columnsOf(ours['ids'], c);
  const scoring = c.scoring(ids);
  const scored = await refer(scoring);
  const said = columnsOf(ours['modelLogprobs'], c).flat();
  return {
    ours: { modelLogprobs: Float32Array.from(said) },
    theirs: {
      modelLogprobs: Float32Array.from(scoredTokens(scored['logprobs'], scoring, ids[0]?.length ?? 0)),
    },
    share: { idsEqual: equalShare(ids.flat(), columnsOf(theirs['ids'], c).flat()) },
  };
}

/** The columns of [T, width] that are samples. */
function columnsOf(data: TensorData | undefined, { sizes, samples }: SamplerCase): number[][] {
  const [all, width] = [Array.from(data ?? [], Number), sizes['G'] ?? 1];
  return Array.from({ length: samples }, (_, g) => all.filter((_v, i) => i % width === g));
}
