import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as the endpoint got it. */
export interface JudgeRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly model: string;
    readonly messages: readonly { readonly role: string; readonly content: string }[];
    readonly temperature?: number;
  };
}

/** What the endpoint answers; `hang` never does. */
export type JudgeAnswer =
  | { readonly status: number; readonly body: string; readonly headers?: Readonly<Record<string, string>> }
  | 'hang';

/** A server that speaks OpenAI's chat completions, in this process. */
export interface JudgeEndpoint extends AsyncDisposable {
  readonly url: string;
  readonly requests: readonly JudgeRequest[];
  /** The most requests that were open at once. */
  readonly peak: () => number;
}

/** A chat completion with a text. */
export const completionOf = (content: string): JudgeAnswer => ({
  status: 200,
  body: JSON.stringify({ choices: [{ message: { role: 'assistant', content } }] }),
});

export async function judgeEndpoint(
  answer: (request: JudgeRequest, index: number) => JudgeAnswer | Promise<JudgeAnswer>,
): Promise<JudgeEndpoint> {
  const requests: JudgeRequest[] = [];
  let [open, peak] = [0, 0];
  const server = createServer(async (incoming, outgoing) => {
    peak = Math.max(peak, ++open);
    outgoing.once('close', () => open--);
    let text = '';
    for await (const chunk of incoming) text += chunk;
    const request = { path: incoming.url ?? '', headers: incoming.headers, body: JSON.parse(text) };
    const given = await answer(request, requests.push(request) - 1);
    if (given === 'hang') return;
    outgoing.writeHead(given.status, { 'content-type': 'application/json', ...given.headers });
    outgoing.end(given.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo; // it listens on a port
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    peak: () => peak,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
