import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomically, writeFolderAtomically } from '@residency/model';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';

const flags = ['--import', 'tsx', '--conditions=source', '--input-type=module', '-e'];

/** Runs a program that is to kill itself, with the package imported. */
async function runUntilKilled(program: string): Promise<unknown> {
  const source = `import { writeFileAtomically, writeFolderAtomically } from '@residency/model';
    import { writeFile } from 'node:fs/promises';
    const die = async () => { process.kill(process.pid, 'SIGKILL'); await new Promise(() => {}); };
    ${program}`;
  const child = spawn(process.execPath, [...flags, source], { stdio: ['ignore', 'inherit', 'inherit'] });
  const [, signal] = await once(child, 'exit');
  return signal;
}

describe('writeFileAtomically', () => {
  it('writes all chunks, replaces what was there and leaves nothing beside', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a');
    await writeFile(path, 'earlier, and longer than what follows');
    await writeFileAtomically(path, [Buffer.from('one '), Buffer.from('two')]);

    expect(await readFile(path, 'utf8')).toBe('one two');
    expect(await readdir(folder.path)).toEqual(['a']);
  });

  it('keeps the earlier contents where the source fails', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a');
    await writeFile(path, 'earlier');
    const source = function* (): Generator<Uint8Array> {
      yield Buffer.from('half');
      throw new Error('no more');
    };

    await expect(writeFileAtomically(path, source())).rejects.toThrow('no more');
    expect(await readFile(path, 'utf8')).toBe('earlier');
    expect(await readdir(folder.path)).toEqual(['a']);
  });

  it('keeps the earlier contents where the process is killed half-way', async () => {
    await using folder = await temporaryFolder();
    const path = join(folder.path, 'a');
    await writeFile(path, 'earlier');
    const signal = await runUntilKilled(`
      async function* source() { yield Buffer.from('half'); await die(); }
      await writeFileAtomically(${JSON.stringify(path)}, source());`);

    expect(signal).toBe('SIGKILL');
    expect(await readFile(path, 'utf8')).toBe('earlier');
    // The half was written: beside.
    const [beside = ''] = (await readdir(folder.path)).filter((name) => name !== 'a');
    expect(await readFile(join(folder.path, beside), 'utf8')).toBe('half');
  });

  it('says which path it cannot write', async () => {
    await expect(writeFileAtomically('/nowhere/a', [])).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: expect.stringContaining('/nowhere/a: cannot be written'),
    });
  });
});

describe('writeFolderAtomically', () => {
  it('fills a new folder, or an empty one', async () => {
    await using folder = await temporaryFolder();
    const empty = join(folder.path, 'empty');
    await mkdir(empty);
    for (const dir of [empty, join(folder.path, 'deep', 'new')]) {
      await writeFolderAtomically(dir, (temporary) => writeFile(join(temporary, 'a'), 'one'));
      expect(await readFile(join(dir, 'a'), 'utf8')).toBe('one');
    }
    expect((await readdir(folder.path)).sort()).toEqual(['deep', 'empty']);
  });

  it('leaves a folder with files alone', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'a'), 'mine');

    await expect(writeFolderAtomically(folder.path, async () => undefined)).rejects.toMatchObject({
      code: 'MODEL_FILE',
      message: `${folder.path}: holds 1 files, want a new or empty folder`,
    });
    expect(await readFile(join(folder.path, 'a'), 'utf8')).toBe('mine');
  });

  it('leaves nothing where filling fails or the process is killed', async () => {
    await using folder = await temporaryFolder();
    const dir = join(folder.path, 'out');
    const fill = async (temporary: string): Promise<void> => {
      await writeFile(join(temporary, 'a'), 'one');
      throw new Error('no more');
    };
    await expect(writeFolderAtomically(dir, fill)).rejects.toThrow('no more');
    expect(await readdir(folder.path)).toEqual([]);

    const signal = await runUntilKilled(`await writeFolderAtomically(${JSON.stringify(dir)}, async (at) => {
      await writeFile(at + '/a', 'one'); await die(); });`);
    expect(signal).toBe('SIGKILL');
    expect(await readdir(folder.path)).not.toContain('out');
  });
});
