import type { Request, Response } from './message.js';

export type Handlers = Readonly<Record<string, (payload: never) => Promise<unknown>>>;

/**
 * The child's side: answers calls one after the other with the handlers that `init` makes of the owner's first message.
 * Ends when the owner goes away, so that no compute process outlives its service.
 */
export function serve<TInit>(init: (payload: TInit) => Promise<Handlers>): void {
  let handlers: Promise<Handlers> | null = null;
  let last: Promise<void> = Promise.resolve();
  process.on('disconnect', () => process.exit(0));
  // A terminal's ctrl-C reaches the whole process group: the owner decides when this process ends.
  process.on('SIGINT', () => undefined);
  process.on('message', (raw) => {
    const message = raw as Request; // the owner sends nothing else
    if (message.kind === 'init') {
      handlers = init(message.payload as TInit); // each entry and its owner share one init type
      handlers.catch(() => undefined); // reported by the first call, which also ends this process
      return;
    }
    const { id } = message;
    last = last.then(async () => {
      try {
        const table = await handlers;
        const handler = table?.[message.method];
        if (!handler) throw new Error(`internal: the compute process has no method ${message.method}`);
        const payload = await handler(message.payload as never); // owner and entry share the method's types
        send({ kind: 'result', id, payload });
      } catch (error) {
        send({
          kind: 'error',
          id,
          code: codeOf(error),
          message: error instanceof Error ? error.message : String(error),
        });
        // The cause of a failed start may pass: the owner's next call finds a fresh process.
        const isReady = await (handlers ?? Promise.resolve(null)).then(Boolean, () => false);
        if (!isReady) process.disconnect?.();
      }
    });
  });
}

function send(response: Response): void {
  process.send?.(response);
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
