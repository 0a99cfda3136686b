import { type BedsideCase, caseAt, casePrompt } from '@residency/bedside';
import { openEngine, type Sample } from '@residency/model';
import { openTokenizer, type Tokenizer } from '@residency/text';
import type { TryOut } from './recipe.js';

/** What the model is given for a case: the chat template around the question. */
export const promptIdsOf = (tokenizer: Tokenizer, bedside: BedsideCase): number[] =>
  tokenizer.applyChatTemplate([{ role: 'user', content: casePrompt(bedside) }], {
    addGenerationPrompt: true,
  });

/** Longest that the samples of one case may take. */
const SAMPLE_DEADLINE_MS = 60_000;
const MAX_NEW_TOKENS = 160;

export interface PretrainEvaluation {
  readonly cases: number;
  /** Share of cases whose greedy completion boxes the gold letter. */
  readonly greedyAccuracy: number;
  /** Mean over samples at temperature 1. */
  readonly sampledAccuracy: number;
  readonly greedyByScore: Readonly<Record<string, number>>;
  readonly example: string;
}

const LETTER = /\\boxed\{([A-E])\}/g;

/** Exactly one box, with the gold letter. */
function isRight(text: string, gold: string): boolean {
  const boxes = [...text.matchAll(LETTER)];
  return boxes.length === 1 && boxes[0]?.[1] === gold;
}

/** Answers held-out cases greedily and by sampling. */
export async function evaluateModel(
  options: TryOut & { readonly samples: number },
): Promise<PretrainEvaluation> {
  const { modelDir } = options;
  const tokenizer = await openTokenizer(modelDir);
  const engine = await openEngine({ modelDir, threads: options.threads });
  try {
    let [greedy, sampled] = [0, 0];
    let example = '';
    const byScore = new Map<string, { right: number; all: number }>();
    for (let index = 0; index < options.cases; index++) {
      const bedside: BedsideCase = caseAt({ seed: options.seed, split: 'held-out' }, index);
      const request = {
        adapter: null,
        promptIds: promptIdsOf(tokenizer, bedside),
        temperatures: [0, ...new Array<number>(options.samples).fill(1)],
        maxNewTokens: MAX_NEW_TOKENS,
        stopIds: tokenizer.stopIds,
        key: { seed: options.seed, step: 0, prompt: index },
      };
      const samples = await engine.sample(request, { deadlineMs: SAMPLE_DEADLINE_MS });
      const [first = false, ...rest] = samples.map((s: Sample) =>
        isRight(tokenizer.decode(s.ids), bedside.gold),
      );
      const score = byScore.get(bedside.score) ?? { right: 0, all: 0 };
      byScore.set(bedside.score, { right: score.right + Number(first), all: score.all + 1 });
      greedy += Number(first);
      sampled += rest.filter(Boolean).length / Math.max(1, rest.length);
      if (index === 0) example = tokenizer.decode(samples[0]?.ids ?? []);
    }
    const scores = [...byScore]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { right, all }]) => [name, right / all]);
    return {
      cases: options.cases,
      greedyAccuracy: greedy / options.cases,
      sampledAccuracy: sampled / options.cases,
      greedyByScore: Object.fromEntries(scores) as Record<string, number>,
      example,
    };
  } finally {
    await engine.close();
  }
}
