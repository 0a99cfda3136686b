import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromBinary } from '@bufbuild/protobuf';
import {
  checkPlacement,
  compile,
  createLocalRunner,
  emitModel,
  type Precision,
  showProblem,
  type TensorData,
} from '@residency/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Trainable, trainableShapes } from '../../../packages/model/src/binding.js';
import { layoutGroups } from '../../../packages/model/src/layout/group.js';
import { type LossSpec, lossInputs, lossKey } from '../../../packages/model/src/losses/index.js';
import { generateProgram } from '../../../packages/model/src/programs/generate.js';
import { scoreProgram } from '../../../packages/model/src/programs/score.js';
import { trainProgram } from '../../../packages/model/src/programs/train.js';
import { writeSafetensors } from '../../../packages/model/src/safetensors.js';
import { openWeights } from '../../../packages/model/src/weights.js';
import { ModelProtoSchema } from '../../../packages/tensor/src/gen/onnx/onnx_pb.js';
import { randomNumbers } from '../../support/numbers.js';
import { configOf, randomWeights, TINY_QWEN2 } from '../../support/tiny-model.js';

const config = configOf(TINY_QWEN2);
const LORA: Trainable = { kind: 'lora', rank: 2, alpha: 4 };
const loss: LossSpec = { kind: 'policy', estimator: 'ppo', kl: null, entropy: false, correction: null };
const LOSSES: readonly LossSpec[] = [
  { kind: 'policy', estimator: 'ppo_dual_clip', kl: 'k3', entropy: true, correction: 'token' },
  { kind: 'policy', estimator: 'gspo', kl: 'abs', entropy: false, correction: 'sequence' },
  { kind: 'policy', estimator: 'cispo', kl: 'k2', entropy: false, correction: null },
  { kind: 'policy', estimator: 'reinforce', kl: 'k1', entropy: false, correction: null },
  { kind: 'supervised' },
  { kind: 'dpo' },
];
const groups = [{ prefix: [3, 1, 4, 1, 5], suffixes: [[9, 2, 6], [5, 3, 5, 8], [9]] }];
const runner = createLocalRunner();
let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'residency-precision-'));
  await writeFile(join(dir, 'config.json'), JSON.stringify(TINY_QWEN2));
  // Weights that 16 bits hold exactly: what differs below is the products' doing.
  await writeFile(join(dir, 'model.safetensors'), writeSafetensors(randomWeights(config), {}, 'F16'));
});
afterAll(async () => {
  await runner.close();
  await rm(dir, { recursive: true });
});

async function gradients(precision: Precision): Promise<Record<string, number[]>> {
  const { files } = await openWeights(dir, config, { cacheDir: dir, precision });
  const session = await compile(trainProgram(config, LORA, loss), {
    runner,
    threads: 1,
    weights: files,
    precision,
  });
  const { sizes, feeds } = layoutGroups(groups, config);
  const count = sizes.N * sizes.G * sizes.L;
  const isToken = Float32Array.from(Array.from(feeds['tokenPair'] ?? [], Number)).map((pair) =>
    pair === sizes.E ? 0 : 1,
  );
  const adapter = [...trainableShapes(config, LORA)].map(([name, [rows = 0, columns = 0]], i) => [
    name,
    Float32Array.from(randomNumbers(rows * columns, 100 + i), (v) => v / 4),
  ]);
  const inputs: Record<string, TensorData> = {
    ...feeds,
    ...(Object.fromEntries(adapter) as Record<string, Float32Array>), // pairs of name and values
    ...lossInputs(loss, { clipLow: 0.9, clipHigh: 5 }),
    inverseTemperature: Float32Array.of(1),
    mask: isToken,
    weights: isToken,
    oldLogprobs: new Float32Array(count).fill(-3),
    advantages: Float32Array.from(randomNumbers(count, 7)),
  };
  const out = await session.run(sizes, inputs);
  await session.close();
  return Object.fromEntries(Object.entries(out).map(([name, data]) => [name, Array.from(data, Number)]));
}

const norm = (v: readonly number[]): number => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));

interface Described {
  /** What is cast, by name. */
  readonly casts: readonly string[];
  /** Products whose operands were cast to 16 bits or are stored in them, and all others. */
  readonly products: { readonly low: number; readonly full: number };
}

function describeModel(bytes: Uint8Array): Described {
  const { graph } = fromBinary(ModelProtoSchema, bytes);
  const nodes = graph?.node ?? [];
  const casts = nodes.filter((n) => n.opType === 'Cast');
  const isLowCast = (name: string): boolean =>
    casts.some((n) => n.output[0] === name && n.attribute.some((a) => a.i === 16n)) ||
    (graph?.initializer.some((t) => t.name === name && t.dataType === 16) ?? false);
  const products = nodes.filter((n) => ['MatMul', 'Gemm', 'FusedMatMul'].includes(n.opType));
  const low = products.filter((n) => n.input.slice(0, 2).every(isLowCast)).length;
  return { casts: casts.flatMap((n) => n.input), products: { low, full: products.length - low } };
}

describe('products in 16 bits', () => {
  // ONNX Runtime computes f16 products in f32 on a processor: this checks the graph, and a GPU alone its rounding.
  it('give the gradients of f32 within the rounding of 16 bits', async () => {
    const [full, low] = [await gradients('f32'), await gradients('f16')];

    const names = Object.keys(full).filter((name) => name.startsWith('grad:'));
    expect(names.length).toBeGreaterThan(20);
    for (const name of names) {
      const [a, b] = [full[name] ?? [], low[name] ?? []];
      const difference = norm(a.map((v, i) => v - (b[i] ?? Number.NaN)));
      // f16 has eleven bits: a relative step of 5e-4, over a chain of some twenty products.
      expect(difference, name).toBeLessThan(0.02 * norm(a));
    }
  });

  it('read base weights of 16 bits as they are, and keep what must not round in f32', async () => {
    const { files } = await openWeights(dir, config, { cacheDir: dir, precision: 'bf16' });
    const { bytes } = emitModel(trainProgram(config, LORA, loss), files.locations, 'bf16');

    // Nothing asks for a weight matrix in f32: the only casts of weights are those of norms and biases.
    const { casts, products } = describeModel(bytes);
    expect(casts.filter((name) => name.endsWith('_proj.weight') || name.includes('embed'))).toEqual([]);
    expect(products.low).toBeGreaterThan(products.full);
    // The adapter's own products stay in f32.
    expect(products.full).toBeGreaterThan(0);
  });

  const trainables: readonly Trainable[] = [{ kind: 'none' }, LORA];
  const programs = (['f32', 'bf16'] as const).flatMap((precision) =>
    trainables.flatMap((trainable) => [
      { name: 'score', precision, trainable, program: scoreProgram(config, trainable) },
      { name: 'score tries', precision, trainable, program: scoreProgram(config, trainable, 'tries') },
      {
        name: 'generate',
        precision,
        trainable,
        program: generateProgram(config, trainable, { isFiltered: false }),
      },
      {
        name: 'generate filtered',
        precision,
        trainable,
        program: generateProgram(config, trainable, { isFiltered: true }),
      },
      ...(trainable.kind === 'none'
        ? []
        : LOSSES.flatMap((spec) =>
            (['groups', 'tries'] as const).flatMap((packing) =>
              spec.kind === 'dpo' && packing === 'tries'
                ? []
                : {
                    name: `train ${lossKey(spec)} ${packing}`,
                    precision,
                    trainable,
                    program: trainProgram(config, trainable, spec, {
                      packing,
                      recomputes: packing === 'groups',
                    }),
                  },
            ),
          )),
    ]),
  );

  it.each(programs)(
    'have a CUDA kernel for every node: $name, $trainable.kind, $precision',
    async ({ program, precision }) => {
      const { files } = await openWeights(dir, config, { cacheDir: dir, precision });

      const problems = checkPlacement(emitModel(program, files.locations, precision).bytes);

      expect(problems.map(showProblem)).toEqual([]);
    },
  );
});
