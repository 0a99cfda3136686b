import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ModelsFolder } from '@residency/storage';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';

describe('ModelsFolder', () => {
  it('lists the subfolders that hold a model, by name', async () => {
    await using folder = await temporaryFolder();
    for (const name of ['b-model', 'a-model', 'notes']) await mkdir(join(folder.path, name));
    for (const name of ['b-model', 'a-model']) await writeFile(join(folder.path, name, 'config.json'), '{}');
    await writeFile(join(folder.path, 'config.json'), '{}');
    const models = new ModelsFolder(folder.path);

    expect((await models.list()).map(({ name }) => name)).toEqual(['a-model', 'b-model']);
    expect(await models.find('a-model')).toMatchObject({ folder: join(folder.path, 'a-model') });
  });

  it.each(['..', '.', '../a', 'a/b', 'a\\b', '/etc', '', '.hidden', 'a\0b'])(
    'does not take %j for a name',
    async (name) => {
      await using folder = await temporaryFolder();
      await writeFile(join(folder.path, 'config.json'), '{}');
      await mkdir(join(folder.path, '.hidden'));
      await writeFile(join(folder.path, '.hidden', 'config.json'), '{}');
      const models = new ModelsFolder(join(folder.path));

      await expect(models.find(name)).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
    },
  );

  it('has no models where there is no folder', async () => {
    expect(await new ModelsFolder('/does/not/exist').list()).toEqual([]);
  });
});
