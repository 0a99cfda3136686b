import { describe, expect, it } from 'vitest';
import { type RopeSpec, rotaryFrequencies, yarnAttention } from '../../../packages/model/src/rope.js';

interface Recorded {
  readonly title: string;
  readonly spec: RopeSpec;
  readonly theta: number;
  readonly headDim: number;
  readonly scale: number;
  /** Frequencies by index, as transformers 5.24 computes them in single precision. */
  readonly frequencies: Readonly<Record<number, number>>;
}

const RECORDED: readonly Recorded[] = [
  {
    title: 'Llama 3.2 1B',
    spec: { kind: 'llama3', factor: 32, lowFreqFactor: 1, highFreqFactor: 4, originalPositions: 8192 },
    theta: 500_000,
    headDim: 64,
    scale: 1,
    frequencies: {
      0: 1,
      1: 0.66360128,
      8: 0.037606031,
      12: 0.0072926651,
      15: 0.001290548,
      16: 0.00042955671,
      17: 9.7082862e-5,
      18: 1.9461639e-5,
      19: 1.2914767e-5,
      20: 8.5702559e-6,
      24: 1.6619674e-6,
      31: 9.4183065e-8,
    },
  },
  {
    title: 'Qwen2.5 7B, yarn as its model card says',
    spec: {
      kind: 'yarn',
      factor: 4,
      attentionFactor: 1.138629436111989,
      betaFast: 32,
      betaSlow: 1,
      originalPositions: 32_768,
      truncate: true,
    },
    theta: 1_000_000,
    headDim: 128,
    scale: 1.138629436111989,
    frequencies: {
      0: 1,
      1: 0.80584222,
      16: 0.031622779,
      22: 0.0086596431,
      23: 0.006978306,
      24: 0.0053753215,
      28: 0.0018482766,
      32: 0.00060294115,
      36: 0.00017984115,
      39: 6.4903943e-5,
      40: 4.4456985e-5,
      41: 3.5825316e-5,
      50: 5.1338125e-6,
      63: 3.1023444e-7,
    },
  },
  {
    title: 'yarn with bounds of its own that are not rounded',
    spec: {
      kind: 'yarn',
      factor: 40,
      attentionFactor: 1.0857263992561355,
      betaFast: 64,
      betaSlow: 2,
      originalPositions: 4096,
      truncate: false,
    },
    theta: 10_000,
    headDim: 128,
    scale: 1.0857263992561355,
    frequencies: {
      0: 1,
      1: 0.86596435,
      16: 0.1,
      22: 0.032144506,
      23: 0.026357548,
      24: 0.021544421,
      28: 0.0092355004,
      32: 0.0035740631,
      36: 0.0010991652,
      39: 0.00027024464,
      40: 0.00010599422,
      63: 2.8869547e-6,
    },
  },
  {
    title: 'linear',
    spec: { kind: 'linear', factor: 2.5 },
    theta: 10_000,
    headDim: 64,
    scale: 1,
    frequencies: { 0: 0.4, 1: 0.29995769, 31: 5.334086e-5 },
  },
];

describe('rotary frequencies', () => {
  it.each(RECORDED)('of $title are those of transformers', ({ spec, theta, headDim, scale, frequencies }) => {
    const actual = rotaryFrequencies(spec, theta, headDim);

    expect(actual.scale).toBe(scale);
    expect(actual.frequencies).toHaveLength(headDim / 2);
    for (const [i, expected] of Object.entries(frequencies))
      expect((actual.frequencies[Number(i)] ?? Number.NaN) / expected, `frequency ${i}`).toBeCloseTo(1, 5);
  });

  it('turn once in theta to the power of 2i/d positions where nothing is scaled', () => {
    const { frequencies, scale } = rotaryFrequencies({ kind: 'default' }, 10_000, 8);

    expect(scale).toBe(1);
    [1, 0.1, 0.01, 0.001].forEach((expected, i) => {
      expect(frequencies[i]).toBeCloseTo(expected, 12);
    });
  });

  it('of llama3 keep short wavelengths, divide long ones and mix between', () => {
    const spec = {
      kind: 'llama3',
      factor: 8,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalPositions: 1000,
    } as const;
    const plain = rotaryFrequencies({ kind: 'default' }, 10_000, 64).frequencies;
    const ratios = rotaryFrequencies(spec, 10_000, 64).frequencies.map(
      (w, i) => w / (plain[i] ?? Number.NaN),
    );
    const wavelengths = plain.map((w) => (2 * Math.PI) / w);

    ratios.forEach((ratio, i) => {
      const wavelength = wavelengths[i] ?? Number.NaN;
      if (wavelength <= 250) expect(ratio).toBe(1);
      else if (wavelength >= 1000) expect(ratio).toBeCloseTo(1 / 8, 12);
      // Linear in the rotations over the original context, 1000 / wavelength, which go from 1 to 4.
      else expect(ratio).toBeCloseTo(1 / 8 + (7 / 8) * ((1000 / wavelength - 1) / 3), 12);
    });
    expect(wavelengths.filter((w) => w > 250 && w < 1000).length).toBeGreaterThan(2);
  });
});

it('the attention factor of YaRN grows with the logarithm of the stretch', () => {
  expect(yarnAttention(1)).toBe(1);
  expect(yarnAttention(4)).toBeCloseTo(1.138629436111989, 14);
});
