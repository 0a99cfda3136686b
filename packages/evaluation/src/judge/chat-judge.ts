import { Semaphore } from './concurrency.js';
import { JudgeError } from './errors.js';
import { type HttpAnswer, postJson } from './http-post.js';
import type { Judge, JudgeMessage } from './judge.js';

/** How often and how slowly a request is repeated. */
export interface RetryPolicy {
  /** Requests in all, from 1. */
  readonly attempts: number;
  /** Doubled after each attempt, up to the longest. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export interface ChatJudgeOptions {
  /** Up to the version, as in `https://api.openai.com/v1`. */
  readonly baseUrl: string;
  /** The model that is asked for, and the judge's name. */
  readonly model: string;
  /** Sent as a bearer token; null sends none. */
  readonly apiKey: string | null;
  /** Null leaves it to the endpoint: some models refuse any. @defaultValue 0 */
  readonly temperature?: number | null;
  /** Longest that one request may take. @defaultValue 120 000 */
  readonly timeoutMs?: number;
  /** @defaultValue 5 attempts, 500 ms to 20 s apart */
  readonly retry?: RetryPolicy;
  /** Requests at once. @defaultValue 4 */
  readonly concurrency?: number;
}

const DEFAULT_RETRY: RetryPolicy = { attempts: 5, firstDelayMs: 500, maxDelayMs: 20_000 };
const DEFAULT_TIMEOUT_MS = 120_000;
const DEFAULT_CONCURRENCY = 4;

/** Answers that another attempt may better: too early, too often, or a failure that is the server's own. */
const RETRYABLE: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** Characters of a server's own words that an error repeats. */
const MAX_WORDS = 200;

/** Where completions are asked for. @throws JudgeError JUDGE_CONFIG */
function endpointOf(baseUrl: string): URL {
  let url: URL;
  try {
    url = new URL(baseUrl);
  } catch {
    throw new JudgeError('JUDGE_CONFIG', 'judge: the base URL is none, want http:// or https://');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new JudgeError(
      'JUDGE_CONFIG',
      `judge: the base URL begins with ${url.protocol}, want http: or https:`,
    );
  // They would be shown wherever the address is.
  if (url.username !== '' || url.password !== '' || url.search !== '')
    throw new JudgeError('JUDGE_CONFIG', 'judge: the base URL holds credentials or a query, want neither');
  url.pathname = `${url.pathname.replace(/\/$/, '')}/chat/completions`;
  return url;
}

/** @throws JudgeError JUDGE_CONFIG, which does not show the key */
function checkKey(apiKey: string | null): void {
  // A key that no header can hold would end up in the message of the request's own error.
  if (apiKey !== null && !/^[\x21-\x7e]+$/.test(apiKey))
    throw new JudgeError('JUDGE_CONFIG', 'judge: the key is empty or not of visible ASCII characters');
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `choices[0].message.content` of a chat completion; null where the answer is none. */
function contentOf(body: string): string | null {
  const completion = parseJson(body);
  const choices: unknown = isObject(completion) ? completion['choices'] : undefined;
  const first: unknown = Array.isArray(choices) ? choices[0] : undefined;
  const message = isObject(first) ? first['message'] : undefined;
  const content = isObject(message) ? message['content'] : undefined;
  return typeof content === 'string' ? content : null;
}

/** What a server says in an error of OpenAI's form, or the beginning of its answer. */
function wordsOf(body: string): string {
  const parsed = parseJson(body);
  const error = isObject(parsed) ? parsed['error'] : undefined;
  const message = isObject(error) ? error['message'] : error;
  return typeof message === 'string' ? message : body;
}

/** How long a server asks to wait, in milliseconds; 0 where it does not say. */
function retryAfterMs({ retryAfter }: HttpAnswer): number {
  const seconds = Number(retryAfter ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 0;
}

/** Resolves after a while; rejects with the signal's reason as soon as that aborts. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, delayMs);
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
  });
}

/**
 * A judge behind an endpoint that speaks OpenAI's chat completions. Each request has a deadline; what another attempt
 * may better is repeated with growing pauses, or the one that the server asks for, up to the longest. The key goes into
 * one header and nowhere else: no error shows it, not even where the server repeats it, and redirects are not followed.
 * @throws JudgeError JUDGE_CONFIG; its requests reject with JUDGE_REFUSED, JUDGE_UNAVAILABLE or JUDGE_REPLY
 */
export function createChatJudge(options: ChatJudgeOptions): Judge {
  const { model, apiKey, temperature = 0, timeoutMs = DEFAULT_TIMEOUT_MS, retry = DEFAULT_RETRY } = options;
  const url = endpointOf(options.baseUrl);
  checkKey(apiKey);
  const gate = new Semaphore(options.concurrency ?? DEFAULT_CONCURRENCY);
  const headers = apiKey === null ? {} : { authorization: `Bearer ${apiKey}` };
  const where = `judge ${model} at ${url.host}`;
  const forms = apiKey === null ? [] : [apiKey, JSON.stringify(apiKey).slice(1, -1)];
  // Hidden before it is cut: half a key is still one. Controls would act on a terminal.
  const quoted = (text: string): string =>
    forms
      .reduce((hidden, form) => hidden.replaceAll(form, '***'), text)
      .replace(/[\s\p{Cc}]+/gu, ' ')
      .trim()
      .slice(0, MAX_WORDS);

  /** The reply, or how long to wait before another attempt and why. */
  const attempt = async (
    body: string,
    signal: AbortSignal,
  ): Promise<string | { readonly waitMs: number; readonly reason: string }> => {
    const answer = await postJson({ url, headers, body, timeoutMs, signal });
    if (answer.kind === 'none') return { waitMs: 0, reason: answer.reason };
    const { status } = answer;
    if (RETRYABLE.has(status))
      return { waitMs: retryAfterMs(answer), reason: `status ${status}: ${quoted(wordsOf(answer.body))}` };
    if (status !== 200)
      throw new JudgeError('JUDGE_REFUSED', `${where}: status ${status}: ${quoted(wordsOf(answer.body))}`);
    const content = contentOf(answer.body);
    if (content === null)
      throw new JudgeError(
        'JUDGE_REPLY',
        `${where}: found ${quoted(answer.body) || 'nothing'}, want choices[0].message.content`,
      );
    return content;
  };

  const complete = async (messages: readonly JudgeMessage[], signal: AbortSignal): Promise<string> => {
    const body = JSON.stringify({ model, messages, ...(temperature === null ? {} : { temperature }) });
    for (let made = 1; ; made++) {
      signal.throwIfAborted();
      const outcome = await attempt(body, signal);
      if (typeof outcome === 'string') return outcome;
      if (made >= retry.attempts)
        throw new JudgeError('JUDGE_UNAVAILABLE', `${where}: ${made} attempts, the last: ${outcome.reason}`);
      const grown = retry.firstDelayMs * 2 ** (made - 1);
      await pause(Math.min(retry.maxDelayMs, Math.max(grown, outcome.waitMs)), signal);
    }
  };

  return { name: model, complete: (messages, signal) => gate.run(() => complete(messages, signal)) };
}
