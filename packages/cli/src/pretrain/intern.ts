import { caseAt, drawTrace, OPTION_TOKEN_PATTERN, type TraceMix, tokenizerCorpus } from '@residency/bedside';
import type { SupervisedExample } from '@residency/model';
import type { Tokenizer } from '@residency/text';
import { evaluateModel, type PretrainEvaluation, promptIdsOf } from './evaluate.js';
import type { PretrainRecipe } from './recipe.js';
import { SMALL_MODEL } from './small-model.js';

/** Cases whose text the tokenizer is trained on. */
const TOKENIZER_CASES = 3000;
/** Samples of each case that a policy is tried on, beside the greedy one. */
const TRY_OUT_SAMPLES = 8;

/** Loss weight of the conclusion's tokens; those before it weigh 1, those of the prompt 0. The letter is one token of eighty. */
export const CONCLUSION_WEIGHT = 3;

/** Traces of each stage: careful until the skill is there, then of mixed quality. */
const MIXES: readonly TraceMix[] = [
  { careful: 1, skip: 0, misquote: 0, guess: 0 },
  { careful: 0.4, skip: 0.15, misquote: 0.1, guess: 0.35 },
];

/** Tags are tokens of their own, so that a text splits before one without changing its ids. */
function splitAt(text: string, tag: string): [string, string] {
  const at = text.indexOf(tag);
  return [text.slice(0, at), text.slice(at)];
}

function exampleAt(tokenizer: Tokenizer, stage: number, seed: number, index: number): SupervisedExample {
  const mix = MIXES[stage];
  if (!mix) throw new RangeError(`internal: the recipe has no stage ${stage}`);
  const bedside = caseAt({ seed, split: 'train' }, index);
  const prompt = promptIdsOf(tokenizer, bedside);
  const { text } = drawTrace(bedside, mix, [seed, index]);
  const [reasoning, conclusion] = splitAt(text, '<conclusion>').map((part) => tokenizer.encode(part));
  const [stop] = tokenizer.stopIds;
  if (!reasoning || !conclusion || stop === undefined)
    throw new TypeError('internal: a trace has two parts and an end');
  const weighted = [...conclusion, stop];
  return {
    ids: [...prompt, ...reasoning, ...weighted],
    weights: [...prompt.map(() => 0), ...reasoning.map(() => 1), ...weighted.map(() => CONCLUSION_WEIGHT)],
  };
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function show(e: PretrainEvaluation): string {
  const scores = Object.entries(e.greedyByScore).map(([score, share]) => `${score} ${percent(share)}`);
  return [
    `greedy ${percent(e.greedyAccuracy)}, temperature 1 ${percent(e.sampledAccuracy)} on ${e.cases} held-out cases`,
    `  ${scores.join(', ')}`,
    `  ${e.example.replaceAll('\n', '\n  ')}`,
  ].join('\n');
}

/** The recipe of models/intern: careful traces until the skill is there, then traces of mixed quality. */
export const INTERN_RECIPE: PretrainRecipe = {
  seed: 1,
  vocabSize: 1280,
  corpus: () => tokenizerCorpus({ seed: 1, cases: TOKENIZER_CASES }),
  wholeTokens: ['<dx>', '</dx>', '<conclusion>', '</conclusion>'],
  wordPattern: OPTION_TOKEN_PATTERN,
  ...SMALL_MODEL,
  stages: [
    {
      name: 'careful',
      steps: 1200,
      batchSize: 32,
      learningRate: 3e-3,
      warmupSteps: 60,
      finalShare: 0.02,
    },
    {
      name: 'mixed',
      steps: 200,
      batchSize: 32,
      learningRate: 1e-3,
      warmupSteps: 20,
      finalShare: 0.02,
    },
  ],
  exampleAt,
  tryOut: async (options) => show(await evaluateModel({ ...options, samples: TRY_OUT_SAMPLES })),
};
