import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { uniform } from '@residency/algorithms';
import {
  applyUpdate,
  type Checkpoint,
  decodeAdapter,
  decodeCheckpoint,
  encodeCheckpoint,
  GradientSum,
  loadCheckpoint,
  ModelError,
  saveCheckpoint,
  type Update,
} from '@residency/model';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OWNER, randomCheckpoint } from '../../../support/random-checkpoint.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { configOf, TINY_LLAMA } from '../../../support/tiny-model.js';

const refusal = (message: string): unknown =>
  expect.objectContaining({ code: 'MODEL_CHECKPOINT', message: expect.stringContaining(message) });

/** One step of a run, all of its randomness and gradients from the checkpoint. */
function goOn(c: Checkpoint): Checkpoint {
  const { tensors } = c.adapter;
  const gradients = new GradientSum(tensors);
  const { seed, step } = c.random;
  gradients.addOutputs(
    Object.fromEntries(
      tensors.map(({ name, data }, k) => [
        `grad:${name}`,
        data.map((_, i) => uniform([seed, step, c.position, k, i]) - 0.5),
      ]),
    ),
  );
  const next: Update = applyUpdate({
    parameters: tensors,
    moments: c.moments,
    gradients,
    tokens: 1,
    schedule: c.schedule,
    step,
    adam: { beta1: 0.9, beta2: 0.98, epsilon: 1e-8, weightDecay: 0.1 },
    maxGradNorm: 1,
  });
  return {
    ...c,
    adapter: { ...c.adapter, tensors: next.parameters },
    moments: next.moments,
    random: { seed, step: step + 1 },
    position: c.position + 8,
  };
}

describe('checkpoint', () => {
  it('gives back what was saved, and equal bytes for equal state', () => {
    const checkpoint = randomCheckpoint(1);
    const bytes = encodeCheckpoint(checkpoint);
    const { minShare, ...rest } = checkpoint.schedule;
    // The same state with its fields in another order.
    const shuffled = {
      ...checkpoint,
      schedule: { minShare, ...rest },
      random: { step: checkpoint.random.step, seed: checkpoint.random.seed },
    };

    expect(decodeCheckpoint(bytes, 'c', OWNER)).toEqual(checkpoint);
    expect(Buffer.from(encodeCheckpoint(shuffled)).equals(bytes)).toBe(true);
    expect(decodeAdapter(bytes, OWNER.config)).toEqual(checkpoint.adapter);
  });

  it('goes on after loading as if the run had not stopped', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'run.safetensors');
    let straight = randomCheckpoint(5);
    let stopped = straight;
    for (let step = 0; step < 5; step++) {
      straight = goOn(straight);
      await saveCheckpoint(path, goOn(stopped));
      stopped = await loadCheckpoint(path, OWNER);
    }

    expect(Buffer.from(encodeCheckpoint(stopped)).equals(encodeCheckpoint(straight))).toBe(true);
    expect(await readdir(folder.path)).toEqual(['run.safetensors']);
  });

  it('is other bytes wherever the state differs', () => {
    const c = randomCheckpoint(1);
    const others: Checkpoint[] = [
      { ...c, position: 97 },
      { ...c, random: { ...c.random, seed: 2 } },
      { ...c, random: { ...c.random, step: 6 } },
      { ...c, schedule: { ...c.schedule, minShare: 0.2 } },
      { ...c, baseSha256: 'f'.repeat(64) },
      { ...c, moments: { ...c.moments, step: 9 } },
      { ...c, moments: { ...c.moments, m: c.moments.v, v: c.moments.m } },
      { ...c, adapter: { ...c.adapter, alpha: 9 } },
    ];
    const all = [c, ...others].map((each) => Buffer.from(encodeCheckpoint(each)).toString('hex'));

    expect(new Set(all).size).toBe(all.length);
  });

  it('is refused when it was cut off anywhere', () => {
    const bytes = encodeCheckpoint(randomCheckpoint(1));
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(() => decodeCheckpoint(bytes.subarray(0, length), 'c', OWNER)).toThrow(refusal('cut off'));
      }),
    );
    for (const length of [0, 7, 8, 60, 98, 99, 100, 130, 300])
      expect(() => decodeCheckpoint(bytes.subarray(0, length), 'c', OWNER)).toThrow(refusal('cut off'));
    const whole = bytes.length;
    expect(() => decodeCheckpoint(bytes.subarray(0, whole - 1), 'c', OWNER)).toThrow(
      refusal(`c: is cut off: it has ${whole - 1} bytes, want ${whole}`),
    );
    const longer = new Uint8Array([...bytes, 0]);
    expect(() => decodeCheckpoint(longer, 'c', OWNER)).toThrow(refusal(`${whole + 1} bytes, want ${whole}`));
  });

  it('is refused when any bit of it has changed', () => {
    const bytes = encodeCheckpoint(randomCheckpoint(1));
    const position = fc.oneof(
      fc.integer({ min: 0, max: 8 * 2000 }),
      fc.integer({ min: 0, max: 8 * bytes.length - 1 }),
    );
    fc.assert(
      fc.property(position, (bit) => {
        const damaged = new Uint8Array(bytes);
        damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(() => decodeCheckpoint(damaged, 'c', OWNER)).toThrow(
          expect.objectContaining({ code: 'MODEL_CHECKPOINT' }),
        );
      }),
    );
    const damaged = new Uint8Array(bytes);
    damaged[bytes.length - 5] = 1 + (damaged[bytes.length - 5] ?? 0);
    expect(() => decodeCheckpoint(damaged, 'c', OWNER)).toThrow(refusal('c: is damaged: SHA-256 is '));
  });

  it('is refused by a run that it does not belong to, by what differs', () => {
    const bytes = encodeCheckpoint(randomCheckpoint(1));
    const other = 'f'.repeat(64);
    const refuse = (owner: object, message: string): void => {
      expect(() => decodeCheckpoint(bytes, 'c', { ...OWNER, ...owner })).toThrow(refusal(message));
    };

    refuse({ baseSha256: other }, `c: belongs to base model ${OWNER.baseSha256}, want ${other}`);
    refuse({ rank: 8 }, 'c: has lora rank 4, want 8');
    refuse({ alpha: 4 }, 'c: has lora alpha 8, want 4');
    expect(() => decodeCheckpoint(bytes, 'c', { ...OWNER, config: configOf(TINY_LLAMA) })).toThrow(
      expect.objectContaining({ code: 'MODEL_ADAPTER' }),
    );
  });

  it('is refused in a version that is not known, or where it is something else', () => {
    const text = Buffer.from(encodeCheckpoint(randomCheckpoint(1))).toString('latin1');
    const later = Buffer.from(text.replace('"checkpoint_version":"1"', '"checkpoint_version":"2"'), 'latin1');

    expect(() => decodeCheckpoint(later, 'c', OWNER)).toThrow(
      refusal('c: is a checkpoint of version 2, want version 1'),
    );
    expect(() => decodeCheckpoint(Buffer.from('{"hello": "world"}'), 'c', OWNER)).toThrow(
      refusal('c: is no checkpoint, or cut off: it has 18 bytes'),
    );
  });

  it.each([
    [{ position: -1 }, 'checkpoint: position is -1, want a whole number'],
    [{ random: { seed: 2 ** 32, step: 0 } }, 'checkpoint: random.seed is 4294967296, want a whole number'],
    [{ random: { seed: 1, step: 0.5 } }, 'checkpoint: random.step is 0.5'],
    [{ baseSha256: 'abc' }, 'checkpoint: baseSha256 is "abc", want 64 hexadecimal digits'],
  ])('does not save %j', (change, message) => {
    expect(() => encodeCheckpoint({ ...randomCheckpoint(1), ...change })).toThrow(refusal(message));
  });

  it('says which file it cannot read', async () => {
    await expect(loadCheckpoint('/nowhere/c.safetensors', OWNER)).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: '/nowhere/c.safetensors: cannot be read',
    });
    await expect(saveCheckpoint('/nowhere/c.safetensors', randomCheckpoint(1))).rejects.toThrow(ModelError);
  });

  it('is whole whenever its writer is killed', async () => {
    await using folder = await temporaryFolder();
    const owner = { ...OWNER, rank: 512 };
    const known = [1, 2].map((seed) => Buffer.from(encodeCheckpoint(randomCheckpoint(seed, owner))));
    const writer = new URL('../../../support/checkpoint-writer.ts', import.meta.url);
    const runs = [3, 4, 6, 9].map(async (saves) => {
      const path = join(folder.path, `${saves}.safetensors`);
      const child = fork(writer, [path], { execArgv: ['--import', 'tsx', '--conditions=source'] });
      const end = once(child, 'exit');
      let count = 0;
      child.on('message', () => {
        count++;
        if (count === saves) child.kill('SIGKILL');
      });
      await end;
      const bytes = await readFile(path);

      expect(known.some((whole) => whole.equals(bytes))).toBe(true);
      await expect(loadCheckpoint(path, owner)).resolves.toMatchObject({ position: 96 });
      return child.signalCode;
    });

    expect(await Promise.all(runs)).toEqual(new Array(4).fill('SIGKILL'));
    // What a killed writer leaves beside is refused, or complete.
    for (const name of (await readdir(folder.path)).filter((each) => each.endsWith('.tmp'))) {
      const bytes = await readFile(join(folder.path, name));
      if (known.some((whole) => whole.equals(bytes))) continue;
      expect(() => decodeCheckpoint(bytes, 'c', owner)).toThrow(refusal('cut off'));
    }
  });

  it('keeps the earlier checkpoint where a later one cannot be encoded', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'c.safetensors');
    await saveCheckpoint(path, randomCheckpoint(1));
    await writeFile(`${path}.0.tmp`, encodeCheckpoint(randomCheckpoint(2)).subarray(0, 900));
    await expect(saveCheckpoint(path, { ...randomCheckpoint(2), position: -1 })).rejects.toThrow('position');

    expect(await loadCheckpoint(path, OWNER)).toEqual(randomCheckpoint(1));
  });
});
