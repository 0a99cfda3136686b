import { createHash, randomBytes } from 'node:crypto';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileStore, putBytes, putJson, readBytes, readJson, sha256Of } from '@residency/storage';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function* chunked(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('FileStore', () => {
  it('names what it is given by its hash and gives it back', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);
    const bytes = randomBytes(700_000);

    const info = await store.put(chunked(bytes, 1_000));

    expect(info).toEqual({ sha256: sha256(bytes), bytes: 700_000 });
    expect(await store.head(info.sha256)).toEqual(info);
    expect(Buffer.compare(await collect(await store.get(info.sha256)), bytes)).toBe(0);
    expect(Buffer.compare(await readBytes(store, info.sha256), bytes)).toBe(0);
  });

  it('gives a range, an empty one included', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);
    const { sha256: name } = await putBytes(store, new TextEncoder().encode('0123456789'));

    expect(String(await collect(await store.get(name, { start: 2, end: 5 })))).toBe('234');
    expect(String(await collect(await store.get(name, { start: 2, end: 2 })))).toBe('');
  });

  it('keeps nothing of what is above the limit, or whose source fails', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);
    const failing = async function* () {
      yield new Uint8Array(10);
      throw new Error('the client went away');
    };

    await expect(store.put(chunked(randomBytes(101), 10), { maxBytes: 100 })).rejects.toMatchObject({
      code: 'body_too_large',
    });
    await expect(store.put(failing())).rejects.toThrow('the client went away');

    expect(await readdir(join(folder.path, 'temporary'))).toEqual([]);
    expect(await readdir(join(folder.path, 'artifacts'))).toEqual([]);
    await expect(store.put(chunked(randomBytes(100), 10), { maxBytes: 100 })).resolves.toMatchObject({
      bytes: 100,
    });
  });

  it('lists in the order of names and deletes', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);
    const infos = await Promise.all(['a', 'b', 'c', 'd'].map((text) => putBytes(store, Buffer.from(text))));
    const names = infos.map((info) => info.sha256).sort();
    const list = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const info of store.list()) found.push(info.sha256);
      return found;
    };

    expect(await list()).toEqual(names);
    expect(await store.delete(names[1] ?? '')).toBe(true);
    expect(await store.delete(names[1] ?? '')).toBe(false);
    expect(await list()).toEqual(names.filter((_, at) => at !== 1));
  });

  it('notices bytes that changed on disk', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);
    const { sha256: name } = await putJson(store, { a: 1 });
    await writeFile(join(folder.path, 'artifacts', name.slice(0, 2), name), '{"a":2}');

    await expect(readJson(store, name)).rejects.toMatchObject({ code: 'artifact_corrupt' });
  });

  it('does not find what is not there, or is no hash at all', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);

    expect(await store.head('../../etc/passwd')).toBeNull();
    await expect(store.get(sha256Of('nothing'))).rejects.toMatchObject({ code: 'artifact_not_found' });
  });

  it('lets the first write of a reference win among many at once', async () => {
    await using folder = await temporaryFolder();
    const stores = await Promise.all(Array.from({ length: 8 }, () => FileStore.open(folder.path)));

    const answers = await Promise.all(
      stores.map((store, at) => store.writeReference('runs/j/policy-1', sha256Of(`${at}`))),
    );

    const winner = await stores[0]?.readReference('runs/j/policy-1');
    expect(new Set(answers)).toEqual(new Set([winner]));
    expect(await stores[0]?.writeReference('runs/j/policy-1', sha256Of('late'))).toBe(winner);
    expect(await stores[0]?.readReference('runs/j/policy-2')).toBeNull();
    expect(await readdir(join(folder.path, 'temporary'))).toEqual([]);
  });

  it('refuses a reference that would leave its folder', async () => {
    await using folder = await temporaryFolder();
    const store = await FileStore.open(folder.path);

    await expect(store.writeReference('../x', 'y')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(store.readReference('a/../../x')).rejects.toMatchObject({ code: 'invalid_request' });
  });

  it('says that the store is unavailable where the folder cannot be made', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), '');

    await expect(FileStore.open(join(folder.path, 'file'))).rejects.toMatchObject({
      code: 'store_unavailable',
    });
  });
});
