/** Longest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface HttpPost {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
  /** Longest until the answer is read to its end. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** What a server answered. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  readonly body: string;
  /** The header of that name. */
  readonly retryAfter: string | null;
}

/** Why there is no answer, in words that hold nothing of the request. */
export interface NoAnswer {
  readonly kind: 'none';
  readonly reason: string;
}

async function readBody(response: Response): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = '';
  let bytes = 0;
  // Leaving the loop early cancels the stream.
  for await (const chunk of response.body ?? []) {
    // A fetch's body has bytes only; its type does not say so.
    const part = chunk as Uint8Array;
    bytes += part.byteLength;
    if (bytes > MAX_ANSWER_BYTES) return null;
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** The operating system's code of a failed connection, such as ECONNREFUSED. */
function codeOf(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  const { code }: { code?: unknown } = typeof cause === 'object' && cause !== null ? cause : {};
  return typeof code === 'string' ? code : 'the connection failed';
}

/**
 * One POST of JSON. Redirects are not followed: what the headers hold is for this address alone.
 * @throws the signal's reason, once that aborts; nothing else
 */
export async function postJson(post: HttpPost): Promise<HttpAnswer | NoAnswer> {
  const { url, headers, body, timeoutMs, signal } = post;
  signal.throwIfAborted();
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal.addEventListener('abort', onAbort, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, timeoutMs);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: stop.signal,
    });
    const text = await readBody(response);
    if (text === null) return { kind: 'none', reason: `an answer of more than ${MAX_ANSWER_BYTES} bytes` };
    const retryAfter = response.headers.get('retry-after');
    return { kind: 'answer', status: response.status, body: text, retryAfter };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: 'none', reason: isLate ? `no answer within ${timeoutMs} ms` : codeOf(error) };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}
