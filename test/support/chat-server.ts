import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request that the endpoint got. */
export interface SeenRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What the endpoint does with a request: an answer, or nothing at all. */
export type ChatReply =
  | { readonly status: number; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> }
  | 'silence'
  | 'hang up';

export interface ChatServer extends AsyncDisposable {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  /** Requests at once, at most so far. */
  readonly busiest: () => number;
}

/** A completion whose text is the JSON of `judged`, as OpenAI-compatible endpoints answer it. */
export function completionOf(judged: unknown): ChatReply {
  const content = typeof judged === 'string' ? judged : JSON.stringify(judged);
  const message = { role: 'assistant', content };
  const usage = { prompt_tokens: 11, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 3 } };
  return { status: 200, body: { choices: [{ index: 0, message, finish_reason: 'stop' }], usage } };
}

/** A chat endpoint on a free port, which answers as it is told. */
export async function chatServer(
  answer: (request: SeenRequest, count: number) => ChatReply | Promise<ChatReply>,
): Promise<ChatServer> {
  const seen: SeenRequest[] = [];
  let now = 0;
  let most = 0;
  const server = createServer((request, response) => {
    let text = '';
    now += 1;
    most = Math.max(most, now);
    response.on('close', () => {
      now -= 1;
    });
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', async () => {
      const got: SeenRequest = { path: request.url ?? '', headers: request.headers, body: JSON.parse(text) };
      seen.push(got);
      const reply = await answer(got, seen.length);
      if (reply === 'silence') return;
      if (reply === 'hang up') {
        request.socket.destroy();
        return;
      }
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A TCP server has an address object.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    seen,
    busiest: () => most,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
