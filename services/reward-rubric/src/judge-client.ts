import { createHash } from 'node:crypto';
import {
  type ChatOutcome,
  type ChatQuestion,
  isCompletion,
  oneLine,
  readUsage,
  type TokenUsage,
} from '@residency/rubric';
import { pause, Semaphore } from '@residency/service';
import { AnswerCache } from './answer-cache.js';

/** The endpoint that judges; the operator names it, never a job. */
export interface JudgeSettings {
  /** Base URL whose /chat/completions is asked; null where there is none. */
  readonly url: string | null;
  readonly apiKey: string | null;
  /** Models that jobs may ask for. */
  readonly models: readonly string[];
  /** Milliseconds that one question may take, all its tries together. */
  readonly timeoutMs: number;
  /** Questions at once. */
  readonly concurrency: number;
}

/** When and how often a question is asked again. */
export interface JudgeRetryPolicy {
  readonly attempts: number;
  readonly baseMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** HTTP statuses after which asking again can help; a broken connection is another such case. */
  readonly retryable: ReadonlySet<number>;
}

export const judgeRetryPolicy: JudgeRetryPolicy = {
  attempts: 4,
  baseMs: 250,
  factor: 2,
  maxMs: 8_000,
  retryable: new Set([408, 409, 425, 429, 500, 502, 503, 504]),
};

export interface JudgeOptions {
  readonly retry?: JudgeRetryPolicy;
  /** Told what each answer of the endpoint cost; answers of the cache cost nothing. */
  readonly onUsage?: (model: string, usage: TokenUsage) => void;
}

const MAX_ANSWER_BYTES = 2 ** 20;
const CACHED_CHARACTERS = 64 * 2 ** 20;
/** Longest wait that an endpoint can ask for. */
const MAX_RETRY_AFTER_MS = 60_000;

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** By (grader, sample): equal questions may share an answer. */
function keyOf({ grader, sample, body }: ChatQuestion): string {
  try {
    return `${sha256(JSON.stringify(grader))}:${sha256(JSON.stringify([sample.item, sample.completion]))}`;
  } catch {
    // A row nested deeper than this thread's stack; what is asked is made of texts.
    return `${sha256(JSON.stringify(grader))}:${sha256(JSON.stringify(body))}`;
  }
}

type Try =
  | { readonly kind: 'answer'; readonly body: string }
  | { readonly kind: 'again'; readonly detail: string; readonly afterMs: number | null }
  | { readonly kind: 'rejected'; readonly detail: string };

/** What the endpoint asks to wait, or null. */
function retryAfterMs(headers: Headers): number | null {
  const ms = Number(headers.get('retry-after-ms') ?? Number.NaN);
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  const wait = Number.isFinite(ms) ? ms : seconds * 1_000;
  return Number.isFinite(wait) && wait >= 0 ? Math.min(wait, MAX_RETRY_AFTER_MS) : null;
}

/** The body as a text, or null where it is longer than anything that judges. */
async function readBody(response: Response): Promise<string | null> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Asks the operator's endpoint; every failure of it is an outcome, only the caller's own abort is thrown. */
export class JudgeClient {
  readonly #settings: JudgeSettings;
  readonly #options: JudgeOptions;
  readonly #retry: JudgeRetryPolicy;
  readonly #places: Semaphore;
  readonly #cache: AnswerCache = new AnswerCache(CACHED_CHARACTERS);
  /** Questions that are being asked, so that equal ones wait for one answer. */
  readonly #asked: Map<string, Promise<ChatOutcome>> = new Map();

  constructor(settings: JudgeSettings, options: JudgeOptions = {}) {
    this.#settings = settings;
    this.#options = options;
    this.#retry = options.retry ?? judgeRetryPolicy;
    this.#places = new Semaphore(settings.concurrency);
  }

  /** The endpoint's answer to a question. @throws the signal's reason, where it aborts */
  async ask(question: ChatQuestion, signal: AbortSignal): Promise<ChatOutcome> {
    const { url, models } = this.#settings;
    if (url === null || !models.includes(question.model)) {
      const detail = `${question.model} is none of the operator's models (RESIDENCY_JUDGE_URL, RESIDENCY_JUDGE_MODELS)`;
      return { ok: false, code: 'model_not_allowed', detail };
    }
    const key = keyOf(question);
    for (;;) {
      const cached = this.#cache.get(key);
      if (cached !== undefined) return { ok: true, body: cached };
      const asked = this.#asked.get(key);
      if (asked === undefined) break;
      // Whoever asked first may give up: then it is asked again, by one of those who wait.
      const outcome = await asked.catch(() => null);
      signal.throwIfAborted();
      if (outcome !== null) return outcome;
    }
    const asking = this.#places.run(() => this.#askInTime(url, key, question, signal), signal);
    this.#asked.set(key, asking);
    try {
      const outcome = await asking;
      if (outcome.ok) this.#cache.set(key, outcome.body);
      return outcome;
    } finally {
      this.#asked.delete(key);
    }
  }

  async #askInTime(
    url: string,
    key: string,
    { model, body }: ChatQuestion,
    signal: AbortSignal,
  ): Promise<ChatOutcome> {
    const { timeoutMs } = this.#settings;
    const late = AbortSignal.timeout(timeoutMs);
    const stop = AbortSignal.any([signal, late]);
    const text = JSON.stringify(body);
    let last = '';
    for (let attempt = 0; attempt < this.#retry.attempts; attempt++) {
      const tried = await this.#try(url, text, stop);
      signal.throwIfAborted();
      if (late.aborted) break;
      if (tried.kind === 'answer') {
        this.#options.onUsage?.(model, readUsage(tried.body));
        return { ok: true, body: tried.body };
      }
      if (tried.kind === 'rejected') return { ok: false, code: 'model_rejected', detail: tried.detail };
      last = tried.detail;
      if (attempt + 1 < this.#retry.attempts) await pause(this.#delayMs(key, attempt, tried.afterMs), stop);
      signal.throwIfAborted();
      if (late.aborted) break;
    }
    if (!late.aborted) return { ok: false, code: 'model_unavailable', detail: last };
    const detail = `no answer within ${timeoutMs} ms${last === '' ? '' : `, last: ${last}`}`;
    return { ok: false, code: 'model_deadline', detail };
  }

  async #try(url: string, body: string, signal: AbortSignal): Promise<Try> {
    const { apiKey } = this.#settings;
    try {
      const response = await fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(apiKey === null ? {} : { authorization: `Bearer ${apiKey}` }),
        },
        body,
        // The key goes to the operator's endpoint and nowhere else.
        redirect: 'manual',
        signal,
      });
      const text = await readBody(response);
      if (text === null)
        return { kind: 'rejected', detail: `the answer has more than ${MAX_ANSWER_BYTES} bytes` };
      if (response.ok && isCompletion(text)) return { kind: 'answer', body: text };
      if (response.ok) return { kind: 'again', detail: `no completion: ${oneLine(text)}`, afterMs: null };
      const detail = oneLine(`status ${response.status}: ${text}`);
      if (!this.#retry.retryable.has(response.status)) return { kind: 'rejected', detail };
      return { kind: 'again', detail, afterMs: retryAfterMs(response.headers) };
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      return {
        kind: 'again',
        detail: oneLine(cause instanceof Error ? cause.message : String(cause)),
        afterMs: null,
      };
    }
  }

  /** Exponential, with a jitter in [1/2, 1] that the question decides: equal runs wait alike. */
  #delayMs(key: string, attempt: number, afterMs: number | null): number {
    if (afterMs !== null) return afterMs;
    const { baseMs, factor, maxMs } = this.#retry;
    const jitter = Number.parseInt(sha256(`${key}:${attempt}`).slice(0, 8), 16) / 0xffff_ffff;
    return Math.min(maxMs, baseMs * factor ** attempt) * (0.5 + jitter / 2);
  }
}
