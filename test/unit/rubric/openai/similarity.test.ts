import { MAX_COMPARED, Meter, porterStem, type SimilarityMetric, similarityMetrics } from '@residency/rubric';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

const metrics = Object.keys(similarityMetrics).sort() as SimilarityMetric[];
const similarity = (metric: SimilarityMetric, input: string, reference: string): number =>
  similarityMetrics[metric]({ input, reference }, new Meter());

/**
 * Values of rapidfuzz 3.14.6 (fuzz.ratio / 100), nltk 3.10.4 (sentence_bleu with min(4, words) equal weights,
 * sentence_gleu, single_meteor_score without WordNet and with the original Porter stemmer, over tokens split alike) and
 * rouge_score 0.1.2 (F-measures, no stemmer), in the order of `columns`.
 */
const columns = [
  ...['fuzzy_match', 'bleu', 'gleu', 'meteor'],
  ...['rouge_1', 'rouge_2', 'rouge_3', 'rouge_4', 'rouge_5', 'rouge_l'],
] as const;
const reference: readonly (readonly [string, string, readonly number[]])[] = [
  [
    'The patient was given aspirin for chest pain.',
    'The patient received aspirin because of chest pain.',
    [0.7708333333333335, 0, 0.3333333333333333, 0.625, 0.625, 0.2857142857142857, 0, 0, 0, 0.625],
  ],
  [
    'Acute myocardial infarction',
    'myocardial infarction, acute',
    [0.7636363636363638, 0, 0.3, 0.6552706552706553, 1.0, 0.5, 0, 0, 0, 0.6666666666666666],
  ],
  [
    'the cat sat on the mat',
    'the cat sat on the mat',
    [1.0, 1.0, 1.0, 0.9976851851851852, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0],
  ],
  ['sepsis due to pneumonia', 'pulmonary embolism', [0.3902439024390244, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  [
    'Start ceftriaxone 2 g IV q12h and vancomycin; obtain blood cultures before antibiotics are given to the patient.',
    'Obtain blood cultures, then start vancomycin and ceftriaxone 2 g IV every 12 hours for the patients.',
    [
      0.5, 0.16195570128532405, 0.22972972972972974, 0.6471699866786456, 0.6285714285714287,
      0.30303030303030304, 0.19354838709677422, 0.0689655172413793, 0, 0.34285714285714286,
    ],
  ],
  [
    'a a a a b',
    'a b a',
    [
      0.5714285714285714, 0, 0.2857142857142857, 0.46875, 0.7499999999999999, 0.3333333333333333, 0, 0, 0,
      0.5,
    ],
  ],
  [
    'running runs run easily',
    'run running runner easy',
    [0.7391304347826086, 0, 0.2, 0.25, 0.5, 0, 0, 0, 0, 0.25],
  ],
  [
    'Lithium toxicity: stop lithium, give saline, consider dialysis. Stop thiazides!',
    'Stop lithium and thiazides; give saline; consider haemodialysis for lithium toxicity.',
    [
      0.5853658536585367, 0, 0.16666666666666666, 0.41414937396024876, 0.761904761904762, 0.4210526315789474,
      0.11764705882352941, 0, 0, 0.47619047619047616,
    ],
  ],
  ['x', 'x', [1.0, 1.0, 1.0, 0.5, 1.0, 0, 0, 0, 0, 1.0]],
  ['', 'y', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
  ['y', '', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]],
];

describe('similarity', () => {
  test.each(reference)('of %j and %j is what other implementations give', (input, other, values) => {
    for (const [at, metric] of columns.entries()) {
      expect([metric, similarity(metric as SimilarityMetric, input, other)]).toEqual([
        metric,
        expect.closeTo(values[at] ?? Number.NaN, 12),
      ]);
    }
  });

  test('covers every metric of the table above', () => {
    expect([...columns].sort()).toEqual(metrics);
  });

  test('of two empty texts: nothing differs, and nothing is shared', () => {
    expect(metrics.map((metric) => similarity(metric, '', ''))).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test('counts code points, not halves of them', () => {
    // One of two characters is common: 2 * 1 / (2 + 2).
    expect(similarity('fuzzy_match', '😀a', '😁a')).toBe(0.5);
  });
});

const word = fc.constantFrom('a', 'b', 'A', 'fever', 'Fevers', 'é', '3.5', '-', '\n', '😀', '\ud800', '  ');
const text = fc
  .array(fc.oneof(word, fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 60 })
  .map((words) => words.join(' '));

test('any two texts have similarities from 0 to 1', () => {
  fc.assert(
    fc.property(text, text, (input, other) => {
      for (const metric of metrics) {
        const value = similarity(metric, input, other);
        expect(value).toBeGreaterThanOrEqual(0);
        expect(value).toBeLessThanOrEqual(1);
      }
    }),
    { numRuns: 300 },
  );
});

test('the common subsequence is that of the textbook table', () => {
  /** Length by the quadratic recurrence. */
  const textbook = (a: readonly string[], b: readonly string[]): number => {
    let row = b.map(() => 0);
    for (const one of a) {
      const next: number[] = [];
      for (const [at, other] of b.entries()) {
        const diagonal = (row[at - 1] ?? 0) + 1;
        next.push(one === other ? diagonal : Math.max(row[at] ?? 0, next[at - 1] ?? 0));
      }
      row = next;
    }
    return row.at(-1) ?? 0;
  };
  // Long enough for several words of 32 bits, of few symbols so that ready rows occur, and of many so that lists do.
  const of = (unit: fc.Arbitrary<string>) => fc.array(unit, { maxLength: 150 });
  const units = [fc.constantFrom('a', 'b'), fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz0123456789')];
  for (const unit of units) {
    fc.assert(
      fc.property(of(unit), of(unit), (a, b) => {
        const total = a.length + b.length;
        const want = total === 0 ? 1 : (2 * textbook(a, b)) / total;
        expect(similarity('fuzzy_match', a.join(''), b.join(''))).toBe(want);
      }),
      { numRuns: 200 },
    );
  }
});

describe('texts of a megabyte', () => {
  const size = 2 ** 20;
  const filled = (unit: string) => unit.repeat(Math.ceil(size / unit.length));
  const pairs = [
    ['one letter', filled('a'), filled('a').slice(1)],
    ['no letter in common', filled('a'), filled('b')],
    ['two letters', filled('ab'), filled('ba')],
    ['short words', filled('a b '), filled('b a c ')],
    ['different words', Array.from({ length: 150_000 }, (_, at) => `w${at}`).join(' '), filled('w1 w2 w3 ')],
    ['signs', filled('.,'), filled(',.;')],
  ] as const;

  test.each(pairs)(
    '%s: work is bounded by the lengths, and by the square of what is compared',
    (_, input, other) => {
      for (const metric of metrics) {
        const meter = new Meter();

        const value = similarityMetrics[metric]({ input, reference: other }, meter);

        expect(value).toBeGreaterThanOrEqual(0);
        expect(meter.steps).toBeLessThanOrEqual(6 * (input.length + other.length) + MAX_COMPARED ** 2 / 32);
        expect(meter.steps).toBeGreaterThanOrEqual(input.length);
      }
    },
  );

  test('beyond what is compared, the similarity is never more than the true one', () => {
    const input = `${'x'.repeat(MAX_COMPARED)}${'a'.repeat(100)}`;
    const other = `${'y'.repeat(MAX_COMPARED)}${'a'.repeat(99)}b`;

    // 99 letters are common; the differing last letter keeps them from being cut off as a common end.
    expect(similarity('fuzzy_match', input, other)).toBeLessThanOrEqual(
      (2 * 99) / (input.length + other.length),
    );
    expect(similarity('fuzzy_match', input, input)).toBe(1);
  });
});

/** Of nltk 3.10.4, PorterStemmer(mode=ORIGINAL_ALGORITHM). */
const stems: Readonly<Record<string, string>> = {
  caresses: 'caress',
  ponies: 'poni',
  ties: 'ti',
  caress: 'caress',
  cats: 'cat',
  feed: 'feed',
  agreed: 'agre',
  plastered: 'plaster',
  bled: 'bled',
  motoring: 'motor',
  sing: 'sing',
  conflated: 'conflat',
  troubled: 'troubl',
  sized: 'size',
  hopping: 'hop',
  tanned: 'tan',
  falling: 'fall',
  hissing: 'hiss',
  fizzed: 'fizz',
  failing: 'fail',
  filing: 'file',
  happy: 'happi',
  sky: 'sky',
  relational: 'relat',
  conditional: 'condit',
  rational: 'ration',
  valenci: 'valenc',
  hesitanci: 'hesit',
  digitizer: 'digit',
  conformabli: 'conform',
  radicalli: 'radic',
  differentli: 'differ',
  vileli: 'vile',
  analogousli: 'analog',
  vietnamization: 'vietnam',
  predication: 'predic',
  operator: 'oper',
  feudalism: 'feudal',
  decisiveness: 'decis',
  hopefulness: 'hope',
  callousness: 'callous',
  formaliti: 'formal',
  sensitiviti: 'sensit',
  sensibiliti: 'sensibl',
  triplicate: 'triplic',
  formative: 'form',
  formalize: 'formal',
  electriciti: 'electr',
  electrical: 'electr',
  hopeful: 'hope',
  goodness: 'good',
  revival: 'reviv',
  allowance: 'allow',
  inference: 'infer',
  airliner: 'airlin',
  gyroscopic: 'gyroscop',
  adjustable: 'adjust',
  defensible: 'defens',
  irritant: 'irrit',
  replacement: 'replac',
  adjustment: 'adjust',
  dependent: 'depend',
  adoption: 'adopt',
  homologou: 'homolog',
  communism: 'commun',
  activate: 'activ',
  angulariti: 'angular',
  homologous: 'homolog',
  effective: 'effect',
  bowdlerize: 'bowdler',
  probate: 'probat',
  rate: 'rate',
  cease: 'ceas',
  controll: 'control',
  roll: 'roll',
  generalizations: 'gener',
  oscillators: 'oscil',
  pneumonia: 'pneumonia',
  infections: 'infect',
  ventilation: 'ventil',
  antibiotics: 'antibiot',
  diagnoses: 'diagnos',
  diagnosis: 'diagnosi',
  hypertension: 'hypertens',
  therapies: 'therapi',
  bleeding: 'bleed',
  y: 'y',
  by: 'by',
  ies: 'i',
  abilities: 'abil',
  toys: 'toi',
  syzygy: 'syzygi',
};

test.each(Object.entries(stems))('the stem of %s is %s', (full, stem) => {
  expect(porterStem(full)).toBe(stem);
});
