import type { SupervisedExample } from '@residency/model';
import type { Tokenizer } from '@residency/text';
import { type TraceQuality, traceAt } from './agent-traces.js';
import { type AgentEvaluation, evaluateAgent } from './evaluate-agent.js';
import type { PretrainRecipe } from './recipe.js';
import { SMALL_MODEL } from './small-model.js';

/** Turns whose text the tokenizer is trained on. */
const TOKENIZER_TURNS = 6_000;

/** Traces of each stage: the skill from advice in every kind of situation, then behaviour of mixed quality. */
const QUALITIES: readonly TraceQuality[] = [
  { careful: 0.2, random: [0, 0.8], learns: 'advice' },
  { careful: 0.2, random: [0.4, 0.9], learns: 'behaviour' },
];

const qualityOf = (stage: number): TraceQuality => {
  const quality = QUALITIES[stage];
  if (quality === undefined) throw new RangeError(`internal: the recipe has no stage ${stage}`);
  return quality;
};

function exampleAt(tokenizer: Tokenizer, stage: number, seed: number, index: number): SupervisedExample {
  const { prompt, response } = traceAt(qualityOf(stage), seed, index);
  const messages = [{ role: 'user', content: prompt }] as const;
  const promptIds = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
  const answer = tokenizer.encodeAnswer(messages, response);
  return {
    ids: [...promptIds, ...answer],
    weights: [...promptIds.map(() => 0), ...answer.map(() => 1)],
  };
}

/** Keeps what the tokenizer reads apart from what the stages read. */
const CORPUS_SEED = 999;

const corpus = (): string[] =>
  Array.from({ length: TOKENIZER_TURNS }, (_, index) => {
    const { prompt, response } = traceAt(qualityOf(0), CORPUS_SEED, index);
    return `${prompt}\n${response}`;
  });

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const show = (evaluations: readonly AgentEvaluation[], cases: number): string =>
  [
    `won on ${cases} held-out cases of each task`,
    ...evaluations.map(
      ({ task, greedyWon, sampledWon, sampledReturn, valid }) =>
        `  ${task}: greedy ${percent(greedyWon)}, temperature 1 ${percent(sampledWon)} (return ${sampledReturn.toFixed(3)}), ${percent(valid)} of responses valid`,
    ),
  ].join('\n');

/** The recipe of models/resident, an agent: the skill first, then behaviour of mixed quality to be reinforced. */
export const RESIDENT_RECIPE: PretrainRecipe = {
  seed: 2,
  vocabSize: 640,
  corpus,
  wholeTokens: ['<think>', '</think>', '<action>', '</action>'],
  ...SMALL_MODEL,
  stages: [
    { name: 'advised', steps: 1200, batchSize: 32, learningRate: 3e-3, warmupSteps: 60, finalShare: 0.02 },
    { name: 'mixed', steps: 200, batchSize: 32, learningRate: 1e-3, warmupSteps: 20, finalShare: 0.02 },
  ],
  exampleAt,
  tryOut: async (options) => show(await evaluateAgent(options), options.cases),
};
