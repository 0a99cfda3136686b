import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { openWeights, readConfig } from '@residency/model';
import { describe, expect, it } from 'vitest';
import { differenceOf, relativeDifference, relativeNorm, TOLERANCES } from '../../gpu/difference.js';
import { parsePlacements } from '../../gpu/placed.js';
import { writeRandomModel } from '../../gpu/random-model.js';
import { testedKey } from '../../gpu/record.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const LOGGED = (text: string): string =>
  `2026-11-25 09:26:23.883497201 [V:onnxruntime:, session_state.cc:1384 VerifyEachNodeIsAssignedToAnEp] ${text}`;

describe("ONNX Runtime's account of where nodes are", () => {
  it('is read where all are on the device', () => {
    const log = [
      '2026-11-25 09:26:23.1 [I:onnxruntime:, graph_transformer.cc:15 Apply] GraphTransformer MemcpyTransformer modified: 0',
      LOGGED('Node placements'),
      LOGGED(' All nodes placed on [CUDAExecutionProvider]. Number of nodes: 392'),
    ].join('\n');

    expect(parsePlacements(log, 'CUDAExecutionProvider')).toEqual({
      nodes: { CUDAExecutionProvider: 392 },
      elsewhere: [],
    });
  });

  it('names the nodes that are elsewhere, one of a loop body among them', () => {
    const log = [
      LOGGED('Node placements'),
      LOGGED(' Node(s) placed on [CPUExecutionProvider]. Number of nodes: 1'),
      LOGGED('  Det (Det_d)'),
      LOGGED(' Node(s) placed on [CUDAExecutionProvider]. Number of nodes: 2'),
      LOGGED('  Loop (Loop_y)'),
      LOGGED('  MemcpyFromHost (Memcpy)'),
    ].join('\n');

    expect(parsePlacements(log, 'CUDAExecutionProvider')).toEqual({
      nodes: { CPUExecutionProvider: 1, CUDAExecutionProvider: 2 },
      elsewhere: ['Det (Det_d)'],
    });
  });
});

describe('differences', () => {
  it('are relative to the largest value, and hide neither numbers that are none nor missing ones', () => {
    expect(relativeDifference([1, 2.5], [1, 2])).toBe(0.25);
    expect(relativeDifference([0.001], [0.002])).toBe(0.5);
    expect(relativeDifference([0, 0], [0, 0])).toBe(0);
    expect(relativeDifference([Number.NaN, 1], [1, 1])).toBeNaN();
    expect(relativeDifference([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);
    expect(relativeDifference([1e-9], [0])).toBeGreaterThan(1);
  });

  it('are by norm where products are of 16 bits, each gradient by itself', () => {
    expect(relativeNorm([3, 4.5], [3, 4])).toBe(0.1);
    expect(relativeNorm([0, 0], [0, 0])).toBe(0);
    expect(relativeNorm([Number.NaN], [1])).toBeNaN();
    expect(relativeNorm([1], [1, 2])).toBe(Number.POSITIVE_INFINITY);

    const run = (values: Record<string, readonly number[]>): Record<string, Float32Array> =>
      Object.fromEntries(Object.entries(values).map(([name, data]) => [name, Float32Array.from(data)]));
    const theirs = run({ loss: [0], logprob: [-4], 'grad:a': [100], 'grad:b': [1] });
    const tolerance = TOLERANCES.bf16(3);
    // Beside the log-probabilities the loss is nothing, while no gradient hides beside a larger one.
    const near = run({ loss: [0.01], logprob: [-4], 'grad:a': [101], 'grad:b': [1] });
    expect(differenceOf(near, theirs, tolerance)).toMatchObject({
      values: expect.closeTo(0.0025),
      isWithin: true,
    });
    const far = run({ loss: [0], logprob: [-4], 'grad:a': [100], 'grad:b': [1.25] });
    expect(differenceOf(far, theirs, tolerance)).toMatchObject({ gradients: 0.25, isWithin: false });
    const broken = run({ loss: [0], logprob: [-4], 'grad:a': [Number.NaN], 'grad:b': [1] });
    expect(differenceOf(broken, theirs, tolerance).isWithin).toBe(false);
    expect(differenceOf(near, theirs, TOLERANCES.f32(3)).isWithin).toBe(false);
  });

  it('of ids are told in 16 bits and forbidden in f32', () => {
    const [ours, theirs] = [{ ids: BigInt64Array.of(1n, 2n) }, { ids: BigInt64Array.of(1n, 3n) }];

    expect(differenceOf(ours, theirs, TOLERANCES.bf16(3))).toMatchObject({ idsEqual: 0.5, isWithin: true });
    expect(differenceOf(ours, theirs, TOLERANCES.f32(3))).toMatchObject({ idsEqual: 0.5, isWithin: false });
  });

  it('stand under a key of their own where the tested device is the processor', () => {
    expect([testedKey('cuda:0'), testedKey('cpu')]).toEqual(['cuda', 'again']);
  });
});

it('writes a model that the engine opens', async () => {
  await using folder = await temporaryFolder();
  const shape = { D: 16, L: 2, H: 4, KV: 2, dh: 4, F: 24, V: 40 };
  await writeRandomModel(folder.path, shape);

  const config = await readConfig(folder.path);
  const { files } = await openWeights(folder.path, config, { cacheDir: folder.path });

  expect(config).toMatchObject({ family: 'llama', hidden: 16, layers: 2, kvHeads: 2, vocab: 40 });
  const ends = [...files.locations.values()].map(({ offset, bytes }) => offset + bytes);
  expect((await stat(join(folder.path, 'model.safetensors'))).size).toBe(Math.max(...ends));
});

it('writes weights that bf16 holds exactly', async () => {
  await using folder = await temporaryFolder();
  await writeRandomModel(folder.path, { D: 8, L: 1, H: 2, KV: 2, dh: 4, F: 8, V: 16 });

  const bytes = await readFile(join(folder.path, 'model.safetensors'));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const words = Array.from({ length: (bytes.length - start) / 4 }, (_, i) =>
    bytes.readUInt32LE(start + 4 * i),
  );

  expect(words.some((word) => word !== 0)).toBe(true);
  expect(words.filter((word) => (word & 0xffff) !== 0)).toEqual([]);
});
