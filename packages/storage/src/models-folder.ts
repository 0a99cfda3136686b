import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ResidencyError } from '@residency/protocol';

/** A base model: a subfolder with Hugging Face files. */
export interface BaseModel {
  readonly name: string;
  readonly folder: string;
  /** When the folder's config.json was written, seconds since 1970. */
  readonly createdAt: number;
}

// A name, never a path: no separators, no leading dot.
const MODEL_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** The models of a folder whose subfolders are Hugging Face models. */
export class ModelsFolder {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  /** @throws ResidencyError `model_not_found` for a name that is a path, or that no subfolder has. */
  async find(name: string): Promise<BaseModel> {
    const model = MODEL_NAME.test(name) ? await this.#read(name) : null;
    if (model === null) {
      throw new ResidencyError(
        'model_not_found',
        `model: found ${JSON.stringify(name)}, wanted a name that GET /v1/models lists`,
        { param: 'model' },
      );
    }
    return model;
  }

  /** All models by name; none where the folder does not exist. */
  async list(): Promise<BaseModel[]> {
    const names = await readdir(this.#root).catch(() => []);
    const models = await Promise.all(
      names.filter((name) => MODEL_NAME.test(name)).map((name) => this.#read(name)),
    );
    return models.filter((model) => model !== null).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #read(name: string): Promise<BaseModel | null> {
    const folder = join(this.#root, name);
    try {
      const { mtimeMs } = await stat(join(folder, 'config.json'));
      return { name, folder, createdAt: Math.floor(mtimeMs / 1_000) };
    } catch {
      return null;
    }
  }
}
