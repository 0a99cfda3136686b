/** How rotary frequencies are stretched to contexts longer than those of pretraining. */
export type RopeSpec =
  | { readonly kind: 'default' }
  | { readonly kind: 'linear'; readonly factor: number }
  | {
      readonly kind: 'llama3';
      readonly factor: number;
      readonly lowFreqFactor: number;
      readonly highFreqFactor: number;
      /** Positions of pretraining. */
      readonly originalPositions: number;
    }
  | {
      readonly kind: 'yarn';
      readonly factor: number;
      /** Multiplies cos and sin, so that attention scores grow by its square. */
      readonly attentionFactor: number;
      /**
       * Rotations over the original context above which a frequency is kept, and below which it is divided.
       */
      readonly betaFast: number;
      readonly betaSlow: number;
      readonly originalPositions: number;
      /** Whether the bounds of the ramp are rounded outwards to whole dimensions. */
      readonly truncate: boolean;
    };

export type RopeKind = RopeSpec['kind'];
type SpecOf<K extends RopeKind> = Extract<RopeSpec, { kind: K }>;
/** New frequencies from those of plain rotary embedding, [d/2], of base `theta` and head width `d`. */
type Rule<K extends RopeKind> = (
  plain: readonly number[],
  spec: SpecOf<K>,
  theta: number,
  d: number,
) => RotaryFrequencies;

export interface RotaryFrequencies {
  /** Radians per position, [headDim / 2]. */
  readonly frequencies: readonly number[];
  /** Factor of cos and sin. */
  readonly scale: number;
}

const RULES: { readonly [K in RopeKind]: Rule<K> } = {
  default: (plain) => ({ frequencies: plain, scale: 1 }),
  linear: (plain, { factor }) => ({ frequencies: plain.map((w) => w / factor), scale: 1 }),
  llama3: (plain, spec) => ({ frequencies: plain.map((w) => llama3(w, spec)), scale: 1 }),
  yarn: (plain, spec, theta, d) => {
    const [low, high] = yarnRamp(spec, theta, d);
    const frequencies = plain.map((w, i) => {
      const divided = Math.min(1, Math.max(0, (i - low) / (high - low)));
      return (w / spec.factor) * divided + w * (1 - divided);
    });
    return { frequencies, scale: spec.attentionFactor };
  },
};

/**
 * Frequencies of rotary position embedding: theta^(-2i/d) for i < d/2 (Su et al. 2021, arXiv 2104.09864,
 * 3.2.2), then
 * - linear: divided by `factor` (Chen et al. 2023, arXiv 2306.15595);
 * - llama3: by wavelength, see `llama3` (Llama 3.1 reference code, `apply_scaling`);
 * - yarn: divided below a ramp over dimensions (Peng et al. 2023, arXiv 2309.00071, 3.2 and 3.4).
 * Agrees with `modeling_rope_utils.py` of transformers 4 and 5.
 * @param theta base
 * @param headDim even width of a head
 */
export function rotaryFrequencies(spec: RopeSpec, theta: number, headDim: number): RotaryFrequencies {
  const plain = Array.from({ length: headDim / 2 }, (_, i) => theta ** ((-2 * i) / headDim));
  const rule = RULES[spec.kind] as Rule<RopeKind>; // the row of this very kind
  return rule(plain, spec, theta, headDim);
}

/**
 * Wavelengths under original/high are kept, those over original/low divided by `factor`, and between them
 * mixed.
 */
function llama3(frequency: number, spec: SpecOf<'llama3'>): number {
  const { factor, lowFreqFactor: low, highFreqFactor: high, originalPositions } = spec;
  const rotations = (originalPositions * frequency) / (2 * Math.PI);
  const kept = Math.min(1, Math.max(0, (rotations - low) / (high - low)));
  return (1 - kept) * (frequency / factor) + kept * frequency;
}

/**
 * First and last dimension of YaRN's ramp: those that turn `betaFast` and `betaSlow` times in the original
 * context.
 */
function yarnRamp(spec: SpecOf<'yarn'>, theta: number, d: number): readonly [number, number] {
  const dimension = (rotations: number): number =>
    (d * Math.log(spec.originalPositions / (rotations * 2 * Math.PI))) / (2 * Math.log(theta));
  const [low, high] = [dimension(spec.betaFast), dimension(spec.betaSlow)];
  const first = Math.max(spec.truncate ? Math.floor(low) : low, 0);
  const last = Math.min(spec.truncate ? Math.ceil(high) : high, d - 1);
  // transformers' guard against a ramp of no width.
  return [first, first === last ? last + 0.001 : last];
}

/** YaRN's recommended attention factor for a stretch, 0.1 m ln(factor) + 1 (arXiv 2309.00071, 3.4). */
export const yarnAttention = (factor: number, m = 1): number =>
  factor <= 1 ? 1 : 0.1 * m * Math.log(factor) + 1;
