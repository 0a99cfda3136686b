import { compile, createLocalRunner, interpret, type Program, type TensorData } from '@residency/tensor';
import { afterAll, describe, expect, it } from 'vitest';
import { type Trainable, trainableShapes } from '../../../packages/model/src/binding.js';
import type { DecoderConfig } from '../../../packages/model/src/config.js';
import { packGroup, padRows } from '../../../packages/model/src/engine/batch.js';
import { scoreProgram } from '../../../packages/model/src/programs/score.js';
import { type LossName, trainProgram } from '../../../packages/model/src/programs/train.js';
import { largestDifference, randomNumbers } from '../../support/numbers.js';
import { configOf, randomWeights, TINY_LLAMA, TINY_QWEN2 } from '../../support/tiny-model.js';

const PREFIX = [3, 1, 4];
const SUFFIXES = [[1, 5, 9, 2], [6, 5], [3]];
const runner = createLocalRunner();
afterAll(() => runner.close());

type Values = Record<string, readonly number[] | Float32Array>;

function parametersOf(c: DecoderConfig, trainable: Trainable): Values {
  const values: Values = Object.fromEntries(randomWeights(c).map((w) => [w.name, w.data]));
  if (trainable.kind === 'lora') {
    [...trainableShapes(c, trainable)].forEach(([name, shape], i) => {
      values[name] = randomNumbers(
        shape.reduce((n, d) => n * d, 1),
        100 + i,
      ).map((v) => v / 2);
    });
  }
  return values;
}

function groupInputs(): { sizes: { P: number; S: number; G: number }; values: Values } {
  const { sizes, ids } = packGroup(PREFIX, SUFFIXES);
  const tokens = (seed: number, scale: number, shift: number): number[] =>
    Array.from(
      padRows(
        SUFFIXES.map((s, g) => randomNumbers(s.length, seed + g).map((v) => shift + scale * v)),
        sizes.S,
      ),
    );
  return {
    sizes,
    values: {
      ids: Array.from(ids, Number),
      inverseTemperature: [0.8],
      mask: Array.from(
        padRows(
          SUFFIXES.map((s) => s.map(() => 1)),
          sizes.S,
        ),
      ),
      lossScale: [0.25],
      oldLogprobs: tokens(11, 0.5, -2.5),
      referenceLogprobs: tokens(21, 0.5, -2.5),
      advantages: tokens(31, 1, 0),
      ratioMin: [0.3],
      ratioMax: [1.7],
      klCoefficient: [0.1],
    },
  };
}

const lossOf = (name: LossName, out: Record<string, { data: ArrayLike<number> }>): number => {
  const sum = (key: string): number => out[key]?.data[0] ?? Number.NaN;
  return 0.25 * (name === 'supervised' ? sum('nll') : sum('policyLoss') + 0.1 * sum('kl'));
};

async function runCompiled(
  program: Program,
  sizes: Record<string, number>,
  values: Values,
): Promise<Record<string, TensorData>> {
  const session = await compile(program, { runner, threads: 1, ...(await asFiles(program, values)) });
  const given: Record<string, TensorData> = {};
  for (const p of program.inputs) {
    const v = values[p.attrs.name] ?? [];
    given[p.attrs.name] = p.dtype === 'i64' ? BigInt64Array.from(v, (x) => BigInt(x)) : Float32Array.from(v);
  }
  const out = await session.run(sizes, given);
  await session.close();
  return out;
}

async function asFiles(
  program: Program,
  values: Values,
): Promise<{ weights?: import('@residency/tensor').WeightFiles }> {
  if (program.weights.length === 0) return {};
  const { writeTensors } = await import('../../support/weight-files.js');
  return {
    weights: await writeTensors(
      program.weights.map((w) => w.attrs.name),
      values,
    ),
  };
}

const CASES: readonly {
  title: string;
  json: Readonly<Record<string, unknown>>;
  trainable: Trainable;
  loss: LossName;
}[] = [
  {
    title: 'qwen2, LoRA, policy loss',
    json: TINY_QWEN2,
    trainable: { kind: 'lora', rank: 2, alpha: 4 },
    loss: 'policy',
  },
  {
    title: 'llama, LoRA, supervised',
    json: TINY_LLAMA,
    trainable: { kind: 'lora', rank: 2, alpha: 4 },
    loss: 'supervised',
  },
  {
    title: 'qwen2, all weights, supervised',
    json: TINY_QWEN2,
    trainable: { kind: 'full' },
    loss: 'supervised',
  },
];

describe('train programs', () => {
  for (const { title, json, trainable, loss } of CASES) {
    it(`${title}: gradients equal central differences, interpreted and compiled`, async () => {
      const config = configOf(json);
      const program = trainProgram(config, trainable, loss);
      const { sizes, values } = groupInputs();
      const all: Values = { ...values, ...parametersOf(config, trainable) };
      const interpreted = interpret(program, all, sizes);
      const compiled = await runCompiled(program, sizes, all);
      const h = 1e-5;

      let checked = 0;
      for (const name of trainableShapes(config, trainable).keys()) {
        const own = Array.from(all[name] ?? []);
        // A few elements of every tensor: the first, one in the middle, the last.
        for (const k of new Set([0, Math.floor(own.length / 2), own.length - 1])) {
          const lossAt = (d: number): number =>
            lossOf(
              loss,
              interpret(program, { ...all, [name]: own.map((v, i) => (i === k ? v + d : v)) }, sizes),
            );
          const numeric = (lossAt(h) - lossAt(-h)) / (2 * h);
          const analytic = interpreted[`grad:${name}`]?.data[k] ?? Number.NaN;
          expect(Math.abs(analytic - numeric), `${name}[${k}]`).toBeLessThan(
            1e-7 * Math.max(1, Math.abs(numeric)),
          );
          checked++;
        }
        expect(
          largestDifference(
            Array.from(compiled[`grad:${name}`] ?? [], Number),
            interpreted[`grad:${name}`]?.data ?? [],
          ),
          name,
        ).toBeLessThan(1e-4);
      }
      expect(checked).toBeGreaterThan(30);
    });
  }
});

describe('prefix sharing', () => {
  it('gives each suffix the log-probabilities and gradients of its own whole sequence', () => {
    const config = configOf(TINY_QWEN2);
    const trainable: Trainable = { kind: 'full' };
    const program = trainProgram(config, trainable, 'supervised');
    const score = scoreProgram(config, trainable);
    const weights = parametersOf(config, trainable);
    const common = { ...weights, inverseTemperature: [1], lossScale: [1] };
    const run = (
      prefix: readonly number[],
      suffixes: readonly (readonly number[])[],
      masks: readonly (readonly number[])[],
    ): {
      logprobs: number[];
      gradients: Float64Array[];
    } => {
      const { sizes, ids } = packGroup(prefix, suffixes);
      const values = { ...common, ids: Array.from(ids, Number), mask: Array.from(padRows(masks, sizes.S)) };
      const logprobs = Array.from(interpret(score, values, sizes)['logprobs']?.data ?? []);
      const out = interpret(program, values, sizes);
      return {
        logprobs,
        gradients: [...trainableShapes(config, trainable).keys()].map(
          (n) => out[`grad:${n}`]?.data ?? new Float64Array(),
        ),
      };
    };

    const shared = run(
      PREFIX,
      SUFFIXES,
      SUFFIXES.map((s) => s.map(() => 1)),
    );
    // The same sequences alone, split after their first token, so that the prefix is computed once for each.
    const alone = SUFFIXES.map((s) => {
      const [first = 0, ...rest] = [...PREFIX, ...s];
      return run([first], [rest], [rest.map((_, i) => (i < PREFIX.length - 1 ? 0 : 1))]);
    });

    const S = Math.max(...SUFFIXES.map((s) => s.length));
    SUFFIXES.forEach((s, g) => {
      expect(
        largestDifference(
          alone[g]?.logprobs.slice(PREFIX.length - 1) ?? [],
          shared.logprobs.slice(g * S, g * S + s.length),
        ),
      ).toBeLessThan(1e-12);
    });
    shared.gradients.forEach((gradient, k) => {
      const sum = gradient.map((_, i) => alone.reduce((n, a) => n + (a.gradients[k]?.[i] ?? Number.NaN), 0));
      expect(largestDifference(sum, gradient)).toBeLessThan(1e-12);
    });
  });
});
