import type { Metadata } from './metadata.js';

/** Ids of the tokens with a role; null for a role that no token has. */
export interface SpecialIds {
  readonly bos: number | null;
  readonly eos: number | null;
  readonly unk: number | null;
  readonly pad: number | null;
  /** Every id that ends a text or a turn, ascending. */
  readonly ends: readonly number[];
}

/**
 * Roles that a file leaves out have these ids (llama-vocab.cpp; `none` means that there is no such token).
 */
export type SpecialDefaults = Readonly<Record<'bos' | 'eos' | 'unk', number | null>>;

/** Keys whose token ends a generation: end of sequence, of turn, of message. */
const END_KEYS = ['eos_token_id', 'eot_token_id', 'eom_token_id'] as const;

/** @throws ModelError `MODEL_CONFIG` for an id outside the vocabulary of `size` tokens */
export function readSpecialIds(metadata: Metadata, size: number, defaults: SpecialDefaults): SpecialIds {
  const idOf = (name: string): number | null => {
    const key = `tokenizer.ggml.${name}`;
    const id = metadata.whole(key, 0);
    if (id !== null && id >= size) throw metadata.error(key, `an id below ${size}`);
    return id;
  };
  const known = (id: number | null): number | null => (id !== null && id < size ? id : null);
  const eos = idOf('eos_token_id') ?? known(defaults.eos);
  const ends = new Set([eos, ...END_KEYS.map(idOf)].filter((id) => id !== null));
  return {
    bos: idOf('bos_token_id') ?? known(defaults.bos),
    eos,
    unk: idOf('unknown_token_id') ?? known(defaults.unk),
    pad: idOf('padding_token_id'),
    ends: [...ends].sort((a, b) => a - b),
  };
}
