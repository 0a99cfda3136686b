import { MAX_SPANS, type Span } from '../grade.js';
import { commonSubsequence } from './common-subsequence.js';
import { meteor } from './meteor.js';
import { Meter } from './meter.js';
import { bleu, f1, gleu, rougeN } from './ngrams.js';
import { type Token, tokensOf, Vocabulary } from './tokens.js';

/** The metrics of text_similarity that need the two texts alone (fine-tuning specification 4.2). */
export type SimilarityMetric =
  | 'bleu'
  | 'fuzzy_match'
  | 'gleu'
  | 'meteor'
  | 'rouge_1'
  | 'rouge_2'
  | 'rouge_3'
  | 'rouge_4'
  | 'rouge_5'
  | 'rouge_l';

export interface SimilarityInput {
  readonly input: string;
  readonly reference: string;
}

type Metric = (texts: SimilarityInput, meter: Meter) => number;

const textsOf = (tokens: readonly Token[]): string[] => tokens.map(({ text }) => text);
const lowered = (tokens: readonly Token[]): string[] => tokens.map(({ text }) => text.toLowerCase());

/** A metric over tokens as numbers. */
function overTokens(
  options: { readonly signs: boolean; readonly lower: boolean },
  metric: (candidate: readonly number[], reference: readonly number[], meter: Meter) => number,
): Metric {
  return ({ input, reference }, meter) => {
    const vocabulary = new Vocabulary();
    const numbers = (text: string): number[] => {
      const tokens = tokensOf(text, { signs: options.signs, meter });
      return vocabulary.numbersOf(options.lower ? lowered(tokens) : textsOf(tokens));
    };
    return metric(numbers(input), numbers(reference), meter);
  };
}

/** ROUGE compares lower-case words, without signs. */
const rouge = (n: number): Metric =>
  overTokens({ signs: false, lower: true }, (candidate, reference, meter) =>
    rougeN(candidate, reference, { n, meter }),
  );

/** ROUGE-L (Lin 2004), as F1 over the longest common subsequence of words. */
const rougeL: Metric = overTokens({ signs: false, lower: true }, (candidate, reference, meter) =>
  f1({
    shared: commonSubsequence(candidate, reference, meter),
    candidate: candidate.length,
    reference: reference.length,
  }),
);

/**
 * The normalised indel similarity 2 L / (|a| + |b|) of two texts in code points, L the length of their longest
 * common subsequence: what `rapidfuzz.fuzz.ratio` gives, in 0 to 1; 1 for two empty texts.
 */
const fuzzyMatch: Metric = ({ input, reference }, meter) => {
  const vocabulary = new Vocabulary();
  const first = vocabulary.numbersOf(input);
  const second = vocabulary.numbersOf(reference);
  if (first.length + second.length === 0) return 1;
  return (2 * commonSubsequence(first, second, meter)) / (first.length + second.length);
};

const meteorMetric: Metric = ({ input, reference }, meter) => {
  const words = (text: string): string[] => lowered(tokensOf(text, { signs: true, meter }));
  return meteor(words(input), words(reference), meter);
};

/** Every metric, by the name a grader gives; each is 0 to 1. */
export const similarityMetrics: { readonly [M in SimilarityMetric]: Metric } = {
  bleu: overTokens({ signs: true, lower: false }, bleu),
  fuzzy_match: fuzzyMatch,
  gleu: overTokens({ signs: true, lower: false }, gleu),
  meteor: meteorMetric,
  rouge_1: rouge(1),
  rouge_2: rouge(2),
  rouge_3: rouge(3),
  rouge_4: rouge(4),
  rouge_5: rouge(5),
  rouge_l: rougeL,
};

/** Evidence of a similarity: runs of the input's words that the reference has, in any order, the first `MAX_SPANS`. */
export function sharedRuns({ input, reference }: SimilarityInput): Span[] {
  const meter = new Meter();
  const known = new Set(lowered(tokensOf(reference, { signs: false, meter })));
  const runs: { start: number; end: number }[] = [];
  let isInside = false;
  for (const { text, start, end } of tokensOf(input, { signs: false, meter })) {
    const isKnown = known.has(text.toLowerCase());
    const last = runs.at(-1);
    if (isKnown && isInside && last !== undefined) last.end = end;
    else if (isKnown && runs.length === MAX_SPANS) break;
    else if (isKnown) runs.push({ start, end });
    isInside = isKnown;
  }
  return runs;
}
