import { ModelError } from '../errors.js';
import type { DecoderShape } from './decoder-shape.js';
import type { GgufFile } from './gguf-file.js';
import type { TensorInfo } from './tensor-infos.js';

/** A tensor of a GGUF file on its way into a Hugging Face file. */
export interface TensorImport {
  /** Hugging Face's name. */
  readonly name: string;
  readonly source: TensorInfo;
  /** Heads whose rows have to be put back in order; 0 where they are in order. */
  readonly interleavedHeads: number;
}

interface Wanted {
  readonly name: string;
  readonly shape: readonly number[];
  readonly interleavedHeads?: number;
}

/**
 * Tensors that say nothing about weights: the factors of scaled rotary embeddings are read as configuration.
 */
const IGNORED: ReadonlySet<string> = new Set(['rope_freqs.weight']);

/** What each tensor is called by Hugging Face, in the order in which they are written. */
function wantedTensors(c: DecoderShape): ReadonlyMap<string, Wanted> {
  const { hasQkvBias, hasQkNorm, isInterleaved } = c.architecture;
  const [q, kv] = [c.heads * c.headDim, c.kvHeads * c.headDim];
  const wanted = new Map<string, Wanted>();
  wanted.set('token_embd.weight', { name: 'model.embed_tokens.weight', shape: [c.vocab, c.hidden] });
  for (let layer = 0; layer < c.layers; layer++) {
    const add = (gguf: string, name: string, shape: readonly number[], interleavedHeads = 0): void => {
      wanted.set(`blk.${layer}.${gguf}`, { name: `model.layers.${layer}.${name}`, shape, interleavedHeads });
    };
    const projection = (gguf: string, name: string, rows: number, heads = 0): void => {
      add(`${gguf}.weight`, `self_attn.${name}.weight`, [rows, c.hidden], heads);
      if (hasQkvBias) add(`${gguf}.bias`, `self_attn.${name}.bias`, [rows], heads);
    };
    add('attn_norm.weight', 'input_layernorm.weight', [c.hidden]);
    projection('attn_q', 'q_proj', q, isInterleaved ? c.heads : 0);
    projection('attn_k', 'k_proj', kv, isInterleaved ? c.kvHeads : 0);
    projection('attn_v', 'v_proj', kv);
    if (hasQkNorm) {
      add('attn_q_norm.weight', 'self_attn.q_norm.weight', [c.headDim]);
      add('attn_k_norm.weight', 'self_attn.k_norm.weight', [c.headDim]);
    }
    add('attn_output.weight', 'self_attn.o_proj.weight', [c.hidden, q]);
    add('ffn_norm.weight', 'post_attention_layernorm.weight', [c.hidden]);
    add('ffn_gate.weight', 'mlp.gate_proj.weight', [c.ffn, c.hidden]);
    add('ffn_up.weight', 'mlp.up_proj.weight', [c.ffn, c.hidden]);
    add('ffn_down.weight', 'mlp.down_proj.weight', [c.hidden, c.ffn]);
  }
  wanted.set('output_norm.weight', { name: 'model.norm.weight', shape: [c.hidden] });
  if (!c.isTied) wanted.set('output.weight', { name: 'lm_head.weight', shape: [c.vocab, c.hidden] });
  return wanted;
}

/**
 * Pairs the tensors of a file with those of a decoder.
 * @throws ModelError `MODEL_WEIGHT` naming a tensor that is missing, has another shape, cannot be read or is
 * unknown
 */
export function tensorImports({ path, tensors }: GgufFile, shape: DecoderShape): readonly TensorImport[] {
  const wanted = wantedTensors(shape);
  for (const name of tensors.keys()) {
    if (wanted.has(name) || IGNORED.has(name)) continue;
    throw new ModelError(
      'MODEL_WEIGHT',
      `${path}: tensor ${name} is unknown, want those of a ${shape.architecture.modelType} decoder`,
    );
  }
  return [...wanted].map(([gguf, want]) => {
    const source = tensors.get(gguf);
    const size = `[${want.shape.join(',')}]`;
    if (!source) throw new ModelError('MODEL_WEIGHT', `${path}: tensor ${gguf} is missing, want ${size}`);
    if (source.shape.join() !== want.shape.join()) {
      throw new ModelError(
        'MODEL_WEIGHT',
        `${path}: tensor ${gguf} is [${source.shape.join(',')}], want ${size}`,
      );
    }
    return { name: want.name, source, interleavedHeads: want.interleavedHeads ?? 0 };
  });
}
