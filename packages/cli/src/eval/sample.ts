import { type Answer, type Outcome, readChoice } from '@residency/evaluation';
import { type AdapterRef, type Engine, ModelError, type Sample } from '@residency/model';
import type { Grader } from '@residency/rubric';
import { TextError, type Tokenizer } from '@residency/text';
import { CliError } from '../errors.js';
import type { EvalRow } from './data.js';

/** Most new tokens where nothing is asked for and the model's context allows them. */
const DEFAULT_MAX_TOKENS = 1024;

/** Longest that the completions of one question may take. */
const SAMPLE_DEADLINE_MS = 1_800_000;

/** A row with its prompt. */
export interface PromptedRow extends EvalRow {
  readonly promptIds: readonly number[];
}

/**
 * The prompts of all rows, before the first is answered: a row that the model cannot take is found now.
 * @throws CliError CLI_EVALUATION naming the line
 */
export function promptRows(rows: readonly EvalRow[], tokenizer: Tokenizer, file: string): PromptedRow[] {
  return rows.map((row) => {
    try {
      const promptIds = tokenizer.applyChatTemplate(row.row.messages, { addGenerationPrompt: true });
      return { ...row, promptIds };
    } catch (error) {
      if (!(error instanceof TextError)) throw error;
      throw new CliError('CLI_EVALUATION', `${file} line ${row.line}: ${error.message}`, { cause: error });
    }
  });
}

/**
 * How many new tokens a completion may have: what is asked for, else what the longest prompt leaves of the model's
 * context, at most 1024.
 * @throws CliError CLI_EVALUATION naming the line of a prompt that leaves too few
 */
export function chooseMaxTokens(
  rows: readonly PromptedRow[],
  asked: number | null,
  positions: number,
  file: string,
): number {
  const longest = rows.reduce((a, b) => (b.promptIds.length > a.promptIds.length ? b : a));
  const left = positions - longest.promptIds.length;
  if (left >= (asked ?? 1)) return asked ?? Math.min(left, DEFAULT_MAX_TOKENS);
  throw new CliError(
    'CLI_EVALUATION',
    `${file} line ${longest.line}: a prompt of ${longest.promptIds.length} tokens, and the model has ${positions} positions, want room for ${asked ?? 1} new ones`,
  );
}

export interface SamplingOptions {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly adapter: AdapterRef | null;
  readonly samples: number;
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
  readonly seed: number;
  /** Null grades nothing. */
  readonly grader: Grader | null;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
}

function answerOf(sample: Sample, { row, question }: PromptedRow, options: SamplingOptions): Answer {
  const completion = options.tokenizer.decode(sample.ids);
  return {
    completion,
    ...readChoice(completion, question.gold),
    tokens: sample.ids.length,
    truncated: sample.stopReason === 'length',
    grade: options.grader?.grade({ item: row.item, completion }) ?? null,
    judgements: [],
  };
}

/**
 * Answers the questions one after the other. A completion depends on the seed, the question's place and the sample's own
 * index: more samples or fewer questions leave it as it is.
 * @throws ModelError; CliError CLI_EVALUATION naming the line of a question that cannot be sampled
 */
export async function sampleOutcomes(
  rows: readonly PromptedRow[],
  options: SamplingOptions,
): Promise<Outcome[]> {
  const { engine, tokenizer, adapter, signal, onProgress } = options;
  const outcomes: Outcome[] = [];
  for (const [index, row] of rows.entries()) {
    const request = {
      adapter,
      promptIds: row.promptIds,
      temperatures: new Array<number>(options.samples).fill(options.temperature),
      topP: options.topP,
      maxNewTokens: options.maxTokens,
      stopIds: tokenizer.stopIds,
      key: { seed: options.seed, step: 0, prompt: index },
    };
    try {
      const samples = await engine.sample(request, { deadlineMs: SAMPLE_DEADLINE_MS, signal });
      outcomes.push({ ...row.question, answers: samples.map((sample) => answerOf(sample, row, options)) });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof ModelError)) throw error;
      throw new CliError('CLI_EVALUATION', `line ${row.line}: ${error.message}`, { cause: error });
    }
    onProgress(index + 1, rows.length);
  }
  return outcomes;
}
