import type { Fields } from './fields.js';
import { type RopeKind, type RopeSpec, yarnAttention } from './rope.js';

/** Base of rotary embeddings where a config.json names none, as in all families here. */
const DEFAULT_THETA = 10_000;

export interface Rope {
  readonly theta: number;
  readonly spec: RopeSpec;
}

/** Builds a spec from the fields of the rope object `r` and of the file around it, `f`. */
type Reader = (r: Fields, f: Fields) => RopeSpec;

const stretch = (r: Fields): number => r.positive('factor', undefined, 1);

/** Positions of pretraining: a field of the file goes first, as in transformers. */
const originalPositions = (r: Fields, f: Fields): number =>
  f.get('original_max_position_embeddings') === undefined
    ? r.whole('original_max_position_embeddings', f.whole('max_position_embeddings'))
    : f.whole('original_max_position_embeddings');

const READERS: Readonly<Record<RopeKind, Reader>> = {
  default: () => ({ kind: 'default' }),
  linear: (r) => ({ kind: 'linear', factor: stretch(r) }),
  llama3: (r, f) => {
    const lowFreqFactor = r.positive('low_freq_factor');
    const highFreqFactor = r.positive('high_freq_factor');
    if (highFreqFactor <= lowFreqFactor)
      throw r.bad('high_freq_factor', `more than low_freq_factor = ${lowFreqFactor}`);
    return {
      kind: 'llama3',
      factor: stretch(r),
      lowFreqFactor,
      highFreqFactor,
      originalPositions: originalPositions(r, f),
    };
  },
  yarn: (r, f) => {
    const original = originalPositions(r, f);
    const factor = r.positive('factor', f.whole('max_position_embeddings') / original, 1);
    const [betaFast, betaSlow] = [r.positive('beta_fast', 32), r.positive('beta_slow', 1)];
    if (betaFast < betaSlow) throw r.bad('beta_fast', `at least beta_slow = ${betaSlow}`);
    return {
      kind: 'yarn',
      factor,
      attentionFactor: r.positive('attention_factor', inferredAttention(r, factor)),
      betaFast,
      betaSlow,
      originalPositions: original,
      truncate: r.flag('truncate', true),
    };
  },
};

/** DeepSeek's form, a ratio of two factors, where both of its fields are given; else that of the paper. */
function inferredAttention(r: Fields, factor: number): number {
  const given = (field: string): boolean => r.get(field) !== undefined && r.get(field) !== 0;
  if (!given('mscale') || !given('mscale_all_dim')) return yarnAttention(factor);
  return yarnAttention(factor, r.positive('mscale')) / yarnAttention(factor, r.positive('mscale_all_dim'));
}

const isKind = (value: unknown): value is RopeKind =>
  typeof value === 'string' && Object.hasOwn(READERS, value);

/**
 * Rotary embedding of a config.json: transformers 4 writes `rope_theta` and `rope_scaling`, 5 writes
 * `rope_parameters`. `dynamic` and `longrope` are refused: their frequencies change with the length of the
 * sequence, so that what was cached or learnt at one length is wrong at another.
 * @throws ModelError `MODEL_CONFIG`
 */
export function readRope(f: Fields): Rope {
  // An empty object says nothing.
  const says = (name: string): boolean => !['{}', undefined].includes(JSON.stringify(f.get(name)));
  const where = says('rope_scaling') ? 'rope_scaling' : 'rope_parameters';
  const r = f.inside(where);
  if (
    Object.values(Object(f.get(where))).some((v) => typeof v === 'object' && v !== null && !Array.isArray(v))
  )
    throw f.bad(where, 'one rotary embedding for all layers');
  for (const at of [f, r]) {
    if ((at.get('partial_rotary_factor') ?? 1) !== 1)
      throw at.bad('partial_rotary_factor', '1 (rotating a part of each head is not supported)');
  }
  const theta = r.positive('rope_theta', f.positive('rope_theta', DEFAULT_THETA));
  const field = r.get('rope_type') === undefined && r.get('type') !== undefined ? 'type' : 'rope_type';
  const isPlain = r.get(field) === undefined && r.get('factor') === undefined;
  const kind = isPlain ? 'default' : r.get(field);
  if (!isKind(kind)) {
    const kinds = Object.keys(READERS).map((k) => `"${k}"`);
    throw r.bad(field, `${kinds.slice(0, -1).join(', ')} or ${kinds.at(-1)}`);
  }
  return { theta, spec: READERS[kind](r, f) };
}
