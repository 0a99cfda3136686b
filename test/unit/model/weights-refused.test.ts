import { openWeights } from '@residency/model';
import { describe, expect, it } from 'vitest';
import {
  type FolderFiles,
  halves,
  INDEX,
  index,
  QWEN2,
  SHARDS,
  sharded,
  WEIGHTS,
  whole,
  writeModel,
} from '../../support/model-folder.js';
import { type RawTensor, rawSafetensors, zeros } from '../../support/raw-safetensors.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { configOf, randomWeights, TINY_LLAMA } from '../../support/tiny-model.js';

const zeroModel = (change: ReadonlyMap<string, RawTensor | null>): Buffer => {
  const all = new Map(WEIGHTS.map((w): [string, RawTensor] => [w.name, zeros('F32', w.shape, 32)]));
  for (const [name, tensor] of change) tensor ? all.set(name, tensor) : all.delete(name);
  return rawSafetensors(all);
};
const changed = (name: string, tensor: RawTensor | null): FolderFiles => ({
  'model.safetensors': zeroModel(new Map([[name, tensor]])),
});
const EMBEDDING = 'model.embed_tokens.weight';
const Q_BIAS = 'model.layers.1.self_attn.q_proj.bias';

describe('a folder whose weights do not fit', () => {
  it.each<[string, FolderFiles, string, RegExp]>([
    ['no weights', {}, 'MODEL_FILE', /model: has no model\.safetensors$/],
    [
      'PyTorch weights alone',
      { 'pytorch_model.bin': 'x' },
      'MODEL_FILE',
      /has no model\.safetensors; has pytorch_model\.bin, PyTorch weights: save the model as safetensors/,
    ],
    [
      'a GGUF file alone',
      { 'model.Q8_0.gguf': 'x' },
      'MODEL_FILE',
      /has model\.Q8_0\.gguf, a GGUF file, of which `residency import` makes a model folder/,
    ],
    [
      'an adapter alone',
      { 'adapter_model.safetensors': 'x' },
      'MODEL_FILE',
      /has adapter_model.*, an adapter: want/,
    ],
    [
      'some of the shards',
      { [SHARDS[1]]: halves[1] },
      'MODEL_FILE',
      /has no model\.safetensors; has model-00002/,
    ],
    [
      'a shard that is named and missing',
      { [SHARDS[0]]: halves[0], [INDEX]: index },
      'MODEL_FILE',
      /model-00002-of-00002\.safetensors: is missing, model\.safetensors\.index\.json names it$/,
    ],
    [
      'a shard that lacks what the index puts there',
      { ...sharded, [SHARDS[1]]: whole(WEIGHTS.slice(10)) },
      'MODEL_WEIGHT',
      /^model-00002-of-00002\.safetensors: has no tensor model\.layers\.0\.\S+, which the index puts there$/,
    ],
    [
      'a tensor in two shards',
      { ...sharded, [SHARDS[1]]: whole(WEIGHTS.slice(8)) },
      'MODEL_WEIGHT',
      /model-00002-of-00002\.safetensors: tensor \S+ is in model-00001-of-00002\.safetensors too$/,
    ],
    [
      'shards and a file of old',
      { ...sharded, 'model.safetensors': whole() },
      'MODEL_FILE',
      /has both model\.safetensors and an model\.safetensors\.index\.json that does not name it/,
    ],
    [
      'an index that leads away',
      { [INDEX]: '{"weight_map":{"a":"../b.safetensors"}}' },
      'MODEL_FILE',
      /weight_map puts a into "\.\.\/b\.safetensors", want a \.safetensors file beside it/,
    ],
    ['an index without a map', { [INDEX]: '{}' }, 'MODEL_FILE', /index\.json: want a weight_map/],
    ['an index that is a web page', { [INDEX]: '<html>' }, 'MODEL_FILE', /index\.json: is a web page/],
    [
      'a Git LFS pointer',
      { 'model.safetensors': 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n' },
      'MODEL_FILE',
      /model\.safetensors: is a Git LFS pointer and not the file itself: fetch it with `git lfs pull`/,
    ],
    [
      'a web page',
      { 'model.safetensors': '<!DOCTYPE html><html></html>' },
      'MODEL_FILE',
      /is a web page: download/,
    ],
    [
      'a GGUF file by another name',
      { 'model.safetensors': 'GGUF\u0003\0\0\0\0\0' },
      'MODEL_FILE',
      /is a GGUF file/,
    ],
    [
      'a PyTorch file by another name',
      { 'model.safetensors': 'PK\u0003\u0004archive' },
      'MODEL_FILE',
      /is a PyTorch file/,
    ],
    [
      'something else',
      { 'model.safetensors': 'some other text' },
      'MODEL_FILE',
      /not a safetensors file, or cut short/,
    ],
    [
      'an empty file',
      { 'model.safetensors': '' },
      'MODEL_FILE',
      /: 0 bytes are too few for a safetensors file/,
    ],
    [
      'a file that ends early',
      { 'model.safetensors': whole().subarray(0, -100) },
      'MODEL_FILE',
      /model\.safetensors: is cut short: has \d+ bytes, its tensors need \d+$/,
    ],
    [
      'a file that goes on',
      { 'model.safetensors': Buffer.concat([whole(), Buffer.alloc(4)]) },
      'MODEL_FILE',
      /has \d+ bytes, its tensors end at \d+$/,
    ],
    [
      'a missing tensor',
      changed('model.layers.1.mlp.up_proj.weight', null),
      'MODEL_WEIGHT',
      /model: tensor model\.layers\.1\.mlp\.up_proj\.weight is missing, want \[12,8\]$/,
    ],
    [
      'a tensor of another shape',
      changed(Q_BIAS, zeros('F32', [8], 32)),
      'MODEL_WEIGHT',
      /tensor model\.layers\.1\.self_attn\.q_proj\.bias is \[8\], want \[16\]$/,
    ],
    [
      'another vocabulary',
      changed(EMBEDDING, zeros('F32', [24, 8], 32)),
      'MODEL_WEIGHT',
      /tensor model\.embed_tokens\.weight is \[24,8\], want \[23,8\], as vocab_size of config\.json is 23$/,
    ],
    [
      '8-bit floats',
      changed(EMBEDDING, zeros('F8_E4M3', [23, 8], 8)),
      'MODEL_WEIGHT',
      /tensor model\.embed_tokens\.weight has dtype F8_E4M3, want F32, F16 or BF16/,
    ],
    [
      'whole numbers',
      changed(EMBEDDING, zeros('I8', [23, 8], 8)),
      'MODEL_WEIGHT',
      /has dtype I8, want F32, F16 or BF16/,
    ],
    [
      'an unknown type',
      changed(EMBEDDING, zeros('Q4_K', [23, 8], 8)),
      'MODEL_FILE',
      /has dtype "Q4_K", want one of/,
    ],
    [
      'a bias that the family does not have',
      changed('model.layers.0.self_attn.o_proj.bias', zeros('F32', [8], 32)),
      'MODEL_WEIGHT',
      /tensor model\.layers\.0\.self_attn\.o_proj\.bias has no place in the qwen2 decoder/,
    ],
    [
      'a layer too many',
      changed('model.layers.2.input_layernorm.weight', zeros('F32', [8], 32)),
      'MODEL_WEIGHT',
      /tensor model\.layers\.2\.input_layernorm\.weight has no place/,
    ],
    [
      'a head that is not the embedding, though tied',
      changed('lm_head.weight', { ...zeros('F32', [23, 8], 32), bytes: new Uint8Array(23 * 32).fill(1) }),
      'MODEL_WEIGHT',
      /tensor lm_head\.weight differs from model\.embed_tokens\.weight: want tie_word_embeddings false/,
    ],
  ])('with %s is refused by name', async (_, files, code, message) => {
    await using folder = await temporaryFolder();
    const dir = await writeModel(folder, files);

    await expect(openWeights(dir, QWEN2, { cacheDir: folder.path })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
  });

  it('without the head of a model that is not tied is refused by name', async () => {
    await using folder = await temporaryFolder();
    const llama = configOf(TINY_LLAMA);
    const tensors = randomWeights(llama).filter((w) => w.name !== 'lm_head.weight');
    const dir = await writeModel(folder, { 'model.safetensors': whole(tensors) });

    await expect(openWeights(dir, llama, { cacheDir: folder.path })).rejects.toThrow(
      'tensor lm_head.weight is missing, want [23,8], as tie_word_embeddings is false',
    );
  });

  it('with tensors that leave a gap is refused', async () => {
    await using folder = await temporaryFolder();
    const file = whole().slice();
    const text = new TextDecoder().decode(file);
    // The second tensor begins four bytes later, and so does its end.
    const [begin, end] = [23 * 8 * 4, 23 * 8 * 4 + 32];
    const at = text.indexOf(`[${begin},${end}]`);
    file.set(new TextEncoder().encode(`[${begin + 4},${end + 4}]`), at);
    const dir = await writeModel(folder, { 'model.safetensors': file });

    await expect(openWeights(dir, QWEN2, { cacheDir: folder.path })).rejects.toThrow(
      /tensor model\.layers\.0\.input_layernorm\.weight begins at byte \d+, want \d+$/,
    );
  });
});
