import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '@residency/model';
import { words } from './hash-engine.js';
import { configOf, randomWeights } from './tiny-model.js';

const letters = [...'abcdefghijklmnopqrstuvwxyz0123456789', 'Ġ', 'Ċ'];
const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>'];
const graded = words.filter((word) => word !== '').map((word) => `${word} `);
const template =
  "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}" +
  '{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

const added = [...graded, ...special].map((content, index) => ({
  id: letters.length + index,
  content,
  special: special.includes(content),
  normalized: false,
  single_word: false,
  lstrip: false,
  rstrip: false,
}));

const tokenizer = {
  version: '1.0',
  added_tokens: added,
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: null,
  decoder: { type: 'ByteLevel' },
  model: { type: 'BPE', vocab: Object.fromEntries(letters.map((letter, id) => [letter, id])), merges: [] },
};

const config = {
  model_type: 'qwen2',
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  vocab_size: letters.length + added.length,
  max_position_embeddings: 1024,
  rms_norm_eps: 1e-6,
  rope_theta: 10_000,
  tie_word_embeddings: true,
  eos_token_id: letters.length + added.length - 1,
};

/**
 * Writes a Hugging Face folder whose random model speaks letters and the words that the grader looks for, so that its
 * rewards differ from sample to sample.
 */
export async function writeTinyCheckpoint(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const files = {
    'config.json': config,
    'tokenizer.json': tokenizer,
    'tokenizer_config.json': {
      tokenizer_class: 'Qwen2Tokenizer',
      eos_token: '<|im_end|>',
      chat_template: template,
    },
  };
  for (const [name, value] of Object.entries(files))
    await writeFile(join(folder, name), JSON.stringify(value));
  await writeFile(
    join(folder, 'model.safetensors'),
    writeSafetensors(randomWeights(configOf(config)), {}, 'F32'),
  );
}
