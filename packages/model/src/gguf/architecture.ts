import type { Metadata } from './metadata.js';

/** What an architecture of GGUF is in Hugging Face terms. */
export interface Architecture {
  readonly modelType: string;
  /** The class of transformers. */
  readonly className: string;
  /**
   * Whether the rows of each head of the query and key projections are stored in pairs (2i, 2i+1) for
   * interleaved rotary embeddings, where Hugging Face has (i, i + headDim/2).
   */
  readonly isInterleaved: boolean;
  /** Whether query, key and value projections have a bias. */
  readonly hasQkvBias: boolean;
  /** Whether queries and keys are normalised per head. */
  readonly hasQkNorm: boolean;
}

/** Decoders that can be imported, by `general.architecture`; Mistral's files call themselves llama. */
const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  llama: {
    modelType: 'llama',
    className: 'LlamaForCausalLM',
    isInterleaved: true,
    hasQkvBias: false,
    hasQkNorm: false,
  },
  qwen2: {
    modelType: 'qwen2',
    className: 'Qwen2ForCausalLM',
    isInterleaved: false,
    hasQkvBias: true,
    hasQkNorm: false,
  },
  qwen3: {
    modelType: 'qwen3',
    className: 'Qwen3ForCausalLM',
    isInterleaved: false,
    hasQkvBias: false,
    hasQkNorm: true,
  },
};

/** @throws ModelError `MODEL_CONFIG` for an architecture that cannot be imported */
export function architectureOf(metadata: Metadata): Architecture {
  const name = metadata.text('general.architecture');
  const found = name !== null && Object.hasOwn(ARCHITECTURES, name) ? ARCHITECTURES[name] : undefined;
  if (found) return found;
  throw metadata.error('general.architecture', Object.keys(ARCHITECTURES).join(', '));
}
