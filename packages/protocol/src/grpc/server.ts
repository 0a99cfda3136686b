import type { Readable, Writable } from 'node:stream';
import type { DescMessage, DescMethod, DescService } from '@bufbuild/protobuf';
import type {
  Metadata,
  Server,
  ServerDuplexStream,
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { ResidencyError } from '../errors.js';
import {
  type AnyService,
  type InitOf,
  type InputOf,
  type KindOf,
  type MethodsOf,
  type OutputOf,
  type ShapeOf,
  serviceDefinition,
} from './definition.js';
import { toGrpcStatus } from './status.js';
import { messages, pump } from './stream.js';

/** What a handler knows about its call. */
export interface CallContext {
  /** Aborts when the client cancels or the deadline passes. */
  readonly signal: AbortSignal;
  /** Milliseconds left until the caller's deadline; infinite where the caller set none. */
  remainingMs(): number;
  /** W3C trace context of the caller, or null. */
  readonly traceparent: string | null;
}

type Handler<M> =
  KindOf<M> extends 'unary'
    ? (request: ShapeOf<InputOf<M>>, call: CallContext) => Promise<InitOf<OutputOf<M>>>
    : KindOf<M> extends 'server_streaming'
      ? (request: ShapeOf<InputOf<M>>, call: CallContext) => AsyncIterable<InitOf<OutputOf<M>>>
      : KindOf<M> extends 'client_streaming'
        ? (requests: AsyncIterable<ShapeOf<InputOf<M>>>, call: CallContext) => Promise<InitOf<OutputOf<M>>>
        : (
            requests: AsyncIterable<ShapeOf<InputOf<M>>>,
            call: CallContext,
          ) => AsyncIterable<InitOf<OutputOf<M>>>;

/** One function per method of the service; a missing or mistyped one does not compile. */
export type Handlers<S> = { [K in keyof MethodsOf<S>]: Handler<MethodsOf<S>[K]> };

/** The part of every grpc-js server call that the context needs. */
interface AnyCall {
  on(event: 'cancelled', listener: () => void): unknown;
  readonly metadata: Metadata;
  getDeadline(): Date | number;
}

function remaining(deadline: Date | number): number {
  return (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
}

function contextOf(call: AnyCall): CallContext {
  const controller = new AbortController();
  call.on('cancelled', () => {
    controller.abort(new ResidencyError('cancelled', 'the call was cancelled or passed its deadline'));
  });
  const [traceparent] = call.metadata.get('traceparent');
  return {
    signal: controller.signal,
    remainingMs: () => remaining(call.getDeadline()),
    traceparent: typeof traceparent === 'string' ? traceparent : null,
  };
}

// The erased form of each handler kind: the typed surface is `Handlers`.
type Unary = (request: unknown, call: CallContext) => Promise<object>;
type Producer = (request: unknown, call: CallContext) => AsyncIterable<object>;
type OnError = (thrown: unknown, method: string) => void;

function answer(
  promise: Promise<object>,
  callback: sendUnaryData<unknown>,
  fail: (e: unknown) => void,
): void {
  promise.then(
    (value) => callback(null, value),
    (thrown: unknown) => {
      fail(thrown);
      callback(toGrpcStatus(thrown));
    },
  );
}

function produce(
  call: Writable,
  source: AsyncIterable<object>,
  context: CallContext,
  fail: (e: unknown) => void,
): void {
  pump(call, source, context.signal).catch((thrown: unknown) => {
    fail(thrown);
    // grpc-js turns an emitted StatusObject into the call's status.
    call.emit('error', toGrpcStatus(thrown));
  });
}

const adapters: {
  [K in DescMethod['methodKind']]: (handler: never, fail: (e: unknown) => void) => UntypedHandleCall;
} = {
  unary:
    (handler: Unary, fail) => (call: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) =>
      answer(handler(call.request, contextOf(call)), callback, fail),
  server_streaming: (handler: Producer, fail) => (call: ServerWritableStream<unknown, unknown>) => {
    const context = contextOf(call);
    produce(call, handler(call.request, context), context, fail);
  },
  client_streaming:
    (handler: Unary, fail) =>
    (call: ServerReadableStream<unknown, unknown>, callback: sendUnaryData<unknown>) => {
      const context = contextOf(call);
      answer(handler(messages(call as Readable, context.signal), context), callback, fail);
    },
  bidi_streaming: (handler: Producer, fail) => (call: ServerDuplexStream<unknown, unknown>) => {
    const context = contextOf(call);
    produce(call, handler(messages(call as Readable, context.signal), context), context, fail);
  },
};

/**
 * Adds a generated service to a grpc-js server. A handler that throws answers with the status of its error's code;
 * `onError` sees every such error (for the log), expected or not.
 */
export function addService<S extends AnyService>(
  server: Server,
  service: S,
  handlers: Handlers<S>,
  onError: OnError = () => undefined,
): void {
  const described = service as unknown as DescService;
  const table = handlers as Record<string, never>;
  const implementation = Object.fromEntries(
    described.methods.map((method: DescMethod & { input: DescMessage }) => [
      method.localName,
      adapters[method.methodKind](table[method.localName] as never, (thrown) =>
        onError(thrown, `${described.typeName}/${method.name}`),
      ),
    ]),
  );
  server.addService(serviceDefinition(service), implementation);
}
