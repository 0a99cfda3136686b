import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type NamedTensor, writeSafetensors } from '@residency/model';
import { describe, expect, it } from 'vitest';
import { openWeights, type WeightOptions } from '../../../packages/model/src/weights.js';
import { halves, QWEN2, SHARDS, sharded, WEIGHTS, whole, writeModel } from '../../support/model-folder.js';
import { type RawTensor, rawSafetensors, zeros } from '../../support/raw-safetensors.js';
import { runModel } from '../../support/run-model.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const sha256 = (...bytes: readonly Uint8Array[]): string =>
  createHash('sha256').update(Buffer.concat(bytes)).digest('hex');

/** What the model of a folder makes of a group: decided by every weight. */
async function scoresOf(dir: string, options: WeightOptions): Promise<number[]> {
  const model = await runModel(dir, options);
  return (await model.score([3, 1, 4], [[1, 5, 9], [2]])).flat();
}

describe('weights of a model folder', () => {
  it('are used where they are, and named by the hash of their file', async () => {
    await using folder = await temporaryFolder();
    const dir = await writeModel(folder, { 'model.safetensors': whole() });
    const { files, sha256: hash } = await openWeights(dir, QWEN2, { cacheDir: folder.path });

    expect(files.folder).toBe(dir);
    expect([...files.locations.keys()]).toEqual(WEIGHTS.map((w) => w.name));
    expect(new Set([...files.locations.values()].map((l) => l.file))).toEqual(new Set(['model.safetensors']));
    expect(hash).toBe(sha256(whole()));
  });

  it.each([
    ['with an index', sharded],
    ['without one', { [SHARDS[0]]: halves[0], [SHARDS[1]]: halves[1] }],
    [
      "beside the same in Mistral's own names",
      {
        ...sharded,
        'consolidated.safetensors': rawSafetensors(
          new Map([['tok_embeddings.weight', zeros('BF16', [2], 16)]]),
        ),
      },
    ],
  ])('come in shards, %s', async (_, files) => {
    await using folder = await temporaryFolder();
    await using other = await temporaryFolder();
    const options = { cacheDir: folder.path };
    const [dir, single] = [
      await writeModel(folder, files),
      await writeModel(other, { 'model.safetensors': whole() }),
    ];

    expect(await scoresOf(dir, options)).toEqual(await scoresOf(single, options));
    expect((await openWeights(dir, QWEN2, options)).sha256).toBe(sha256(...halves));
  });

  it('may be links, as in the cache of Hugging Face', async () => {
    await using folder = await temporaryFolder();
    const options = { cacheDir: folder.path };
    const dir = await writeModel(folder, sharded);
    const plain = await scoresOf(dir, options);
    const blobs = join(folder.path, 'blobs');
    await mkdir(blobs);
    for (const name of SHARDS) {
      await rename(join(dir, name), join(blobs, sha256(Buffer.from(name))));
      await symlink(join('..', 'blobs', sha256(Buffer.from(name))), join(dir, name));
    }

    expect((await openWeights(dir, QWEN2, options)).files.folder).toBe(blobs);
    expect(await scoresOf(dir, options)).toEqual(plain);
    // One shard elsewhere: all are then under a folder that holds both.
    await rm(join(dir, SHARDS[0]));
    await writeFile(join(dir, SHARDS[0]), halves[0]);
    expect((await openWeights(dir, QWEN2, options)).files.folder).toBe(folder.path);
    expect(await scoresOf(dir, options)).toEqual(plain);
  });

  it.each(['F16', 'BF16'] as const)(
    'of type %s are widened once, in the folder that is given',
    async (dtype) => {
      await using folder = await temporaryFolder();
      const options = { cacheDir: join(folder.path, 'cache') };
      // 16-bit floats whose values f32 files hold too: both models are the same. Norms stay f32, as some
      // checkpoints have them.
      const rounded = WEIGHTS.map((w) => ({ ...w, data: w.data.map((v) => Math.round(v * 64) / 64) }));
      const raw = new Map(rounded.map((w): [string, RawTensor] => [w.name, stored(w, dtype)]));
      const dir = await writeModel(folder, { 'model.safetensors': rawSafetensors(raw) });
      await using other = await temporaryFolder();
      const single = await writeModel(other, { 'model.safetensors': whole(rounded) });

      expect(await scoresOf(dir, options)).toEqual(await scoresOf(single, options));
      const { files } = await openWeights(dir, QWEN2, options);
      const cached = await readdir(files.folder);
      expect(files.folder.startsWith(options.cacheDir)).toBe(true);
      expect(cached).toEqual([expect.stringMatching(/^[0-9a-f]{64}\.f32\.safetensors$/)]);
      expect(await readFile(join(files.folder, cached[0] ?? ''))).toEqual(Buffer.from(whole(rounded)));
    },
  );

  it('need no cache folder where they are f32, and say so where they do', async () => {
    await using folder = await temporaryFolder();
    const cacheDir = join(folder.path, 'file');
    await writeFile(cacheDir, '');
    const dir = await writeModel(folder, { 'model.safetensors': whole() });

    expect((await openWeights(dir, QWEN2, { cacheDir })).files.folder).toBe(dir);
    await writeFile(join(dir, 'model.safetensors'), writeSafetensors(WEIGHTS, {}, 'F16'));
    await expect(openWeights(dir, QWEN2, { cacheDir })).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: expect.stringMatching(/file\/residency-weights-\d+: cannot be made$/),
    });
  });

  it('may have company that changes nothing', async () => {
    await using folder = await temporaryFolder();
    const embedding = WEIGHTS[0]?.data ?? new Float32Array();
    const more = [
      { name: 'lm_head.weight', shape: [23, 8], data: embedding },
      { name: 'model.layers.0.self_attn.rotary_emb.inv_freq', shape: [2], data: Float32Array.of(1, 0.01) },
      { name: 'v_head.summary.weight', shape: [1, 8], data: new Float32Array(8) },
    ];
    const dir = await writeModel(folder, { 'model.safetensors': whole([...WEIGHTS, ...more]) });
    const { files } = await openWeights(dir, QWEN2, { cacheDir: folder.path });

    expect([...files.locations.keys()]).toEqual(WEIGHTS.map((w) => w.name));
  });
});

/**
 * A tensor of values that 16 bits hold: f32 for norms, else rounded by cutting bits off, which these values
 * do not need.
 */
function stored({ name, shape, data }: NamedTensor, dtype: 'F16' | 'BF16'): RawTensor {
  const bytes = (array: Float32Array | Uint16Array): Uint8Array => new Uint8Array(array.buffer);
  if (name.includes('norm')) return { dtype: 'F32', shape, bytes: bytes(Float32Array.from(data)) };
  const words = new Uint32Array(Float32Array.from(data).buffer);
  const bits = Uint16Array.from(words, (w) => {
    if (dtype === 'BF16') return w >>> 16;
    const magnitude = w & 0x7fffffff;
    return ((w >>> 16) & 0x8000) | (magnitude === 0 ? 0 : (magnitude - (112 << 23)) >>> 13);
  });
  return { dtype, shape, bytes: bytes(bits) };
}
