import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { importGguf, ModelError } from '@residency/model';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decoderShape } from '../../../../packages/model/src/gguf/decoder-shape.js';
import { parseGguf } from '../../../../packages/model/src/gguf/gguf-file.js';
import { tensorImports } from '../../../../packages/model/src/gguf/tensor-names.js';
import { tokenizerFiles } from '../../../../packages/model/src/gguf/tokenizer-json.js';
import { encodeGguf } from '../../../support/gguf-writer.js';
import { temporaryFolder } from '../../../support/temporary-folder.js';
import { tinyGguf } from '../../../support/tiny-gguf.js';

const whole = encodeGguf(tinyGguf({ layers: 1, types: ['Q2_K'] }));
const first = parseGguf(whole, whole.length, 'm');
/** Where the tensors' data begin. */
const headBytes = Math.min(...[...first.tensors.values()].map(({ offset }) => offset));

/** Everything of an import but the tensors' data and the disk; whether the bytes are a model. */
function isModel(bytes: Uint8Array): boolean {
  try {
    const gguf = parseGguf(bytes, bytes.length, 'm.gguf');
    const shape = decoderShape(gguf);
    tensorImports(gguf, shape);
    tokenizerFiles(gguf, shape.vocab, shape.context);
    return true;
  } catch (error) {
    if (error instanceof ModelError) return false;
    throw error;
  }
}

const edit = fc.record({ at: fc.nat(headBytes - 1), bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }) });
const edited = (edits: readonly { at: number; bytes: Uint8Array }[]): Buffer => {
  const copy = Buffer.from(whole);
  for (const { at, bytes } of edits) copy.set(bytes.subarray(0, copy.length - at), at);
  return copy;
};

describe('a damaged GGUF file', () => {
  test('is whole before it is damaged', () => {
    expect(isModel(whole)).toBe(true);
  });

  test('is never read where its end is missing', () => {
    for (let length = 0; length < headBytes; length += 7)
      expect(isModel(whole.subarray(0, length))).toBe(false);
    fc.assert(fc.property(fc.nat(whole.length - 33), (length) => !isModel(whole.subarray(0, length))));
  });

  test('is read or refused with a ModelError, whatever its header became', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 4 }), (edits) => {
        if (!isModel(edited(edits))) refused++;
      }),
      { numRuns: 1500 },
    );

    expect(refused).toBeGreaterThan(500);
  });

  test('is refused where a length became enormous, before anything is made of that size', () => {
    const huge = [0xffffffffffffffffn, 0x7fffffffffffffffn, 2n ** 53n, 2n ** 40n, 2n ** 33n];
    const before = process.memoryUsage().heapTotal;
    for (let at = 8; at < Math.min(headBytes, 4_000) - 8; at++) {
      const copy = Buffer.from(whole.subarray(0, headBytes));
      copy.writeBigUInt64LE(huge[at % huge.length] ?? 0n, at);

      isModel(copy);
    }

    expect(process.memoryUsage().heapTotal - before).toBeLessThan(2 ** 28);
  });

  test('leaves nothing on disk where it is refused', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'm.gguf');
    let count = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 2 }), async (edits) => {
        await writeFile(path, edited(edits));
        const out = join(folder.path, 'out', String(count++));
        const error: unknown = await importGguf(path, out, { dtype: 'F32' }).catch(
          (reason: unknown) => reason,
        );
        const found: string[] = await readdir(join(folder.path, 'out')).catch(() => []);

        expect(found.includes(String(count - 1))).toBe(!(error instanceof Error));
        expect(found.filter((name) => name.startsWith('.'))).toEqual([]);
        if (error instanceof Error) expect(error).toBeInstanceOf(ModelError);
      }),
      { numRuns: 60 },
    );
  });
});
