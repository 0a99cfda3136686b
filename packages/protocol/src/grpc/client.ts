import type { DescMethod, DescService } from '@bufbuild/protobuf';
import {
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  makeGenericClientConstructor,
  type ServiceError,
} from '@grpc/grpc-js';
import { ResidencyError } from '../errors.js';
import {
  type AnyService,
  type InitOf,
  type InputOf,
  type KindOf,
  MAX_MESSAGE_BYTES,
  type MethodsOf,
  type OutputOf,
  type ShapeOf,
  serviceDefinition,
} from './definition.js';
import { defaultRetryPolicy, type RetryPolicy, serviceConfig } from './retry.js';
import { fromServiceError, isServiceError } from './status.js';
import { messages, pump } from './stream.js';

/** Settings of one call; the deadline has no default on purpose. */
export interface RpcOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
  /** W3C trace context, sent as metadata. */
  readonly traceparent?: string;
}

type Method<M> =
  KindOf<M> extends 'unary'
    ? (request: InitOf<InputOf<M>>, options: RpcOptions) => Promise<ShapeOf<OutputOf<M>>>
    : KindOf<M> extends 'server_streaming'
      ? (request: InitOf<InputOf<M>>, options: RpcOptions) => AsyncIterable<ShapeOf<OutputOf<M>>>
      : KindOf<M> extends 'client_streaming'
        ? (requests: AsyncIterable<InitOf<InputOf<M>>>, options: RpcOptions) => Promise<ShapeOf<OutputOf<M>>>
        : (
            requests: AsyncIterable<InitOf<InputOf<M>>>,
            options: RpcOptions,
          ) => AsyncIterable<ShapeOf<OutputOf<M>>>;

/** A typed client: one method per RPC. Failures are ResidencyErrors with the server's code. */
export type Client<S> = { [K in keyof MethodsOf<S>]: Method<MethodsOf<S>[K]> } & { close(): void };

export interface ClientOptions {
  /** `host:port`, or `ipv4:h1:p,h2:p` / `dns:///name:port` for several backends (balanced round robin). */
  readonly address: string;
  readonly retry?: RetryPolicy;
}

interface Cancellable {
  cancel(): void;
}

type Erased = Record<string, (...args: unknown[]) => unknown> & { close(): void };

/** Cancels `call` when the caller's signal aborts; the returned function unhooks. */
function bindSignal(call: Cancellable, signal: AbortSignal | undefined): () => void {
  const cancel = (): void => call.cancel();
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel);
  return () => signal?.removeEventListener('abort', cancel);
}

function settings(options: RpcOptions): { metadata: Metadata; call: CallOptions } {
  if (!(options.deadlineMs > 0)) {
    throw new ResidencyError(
      'deadline_exceeded',
      `deadlineMs: found ${options.deadlineMs}, wanted a positive number`,
    );
  }
  const metadata = new Metadata();
  if (options.traceparent !== undefined) metadata.set('traceparent', options.traceparent);
  return { metadata, call: { deadline: Date.now() + options.deadlineMs } };
}

function translate(thrown: unknown, name: string): unknown {
  return isServiceError(thrown) ? fromServiceError(thrown, name) : thrown;
}

type Caller = (stub: Erased, key: string, name: string) => (request: never, options: RpcOptions) => unknown;

/** A unary or client-streaming call: `start` makes it, `feed` writes the requests of a streaming one. */
function single(
  options: RpcOptions,
  name: string,
  start: (
    metadata: Metadata,
    call: CallOptions,
    callback: (error: ServiceError | null, value?: unknown) => void,
  ) => Cancellable,
  feed?: (call: Cancellable, over: AbortSignal) => Promise<void>,
): Promise<unknown> {
  const { metadata, call: callOptions } = settings(options);
  return new Promise((resolve, reject) => {
    const over = new AbortController();
    const call = start(metadata, callOptions, (error, value) => {
      unbind();
      over.abort();
      if (error) reject(fromServiceError(error, name));
      else resolve(value);
    });
    const unbind = bindSignal(call, options.signal);
    feed?.(call, over.signal).catch((thrown: unknown) => {
      // The source failed, not the call: its own error is what the caller wants to see.
      reject(thrown);
      call.cancel();
    });
  });
}

async function* received(
  call: ClientReadableStream<unknown> | ClientDuplexStream<unknown, unknown>,
  options: RpcOptions,
  name: string,
  feed?: (over: AbortSignal) => Promise<void>,
): AsyncGenerator<unknown, void, undefined> {
  const over = new AbortController();
  const unbind = bindSignal(call, options.signal);
  let sourceError: unknown;
  feed?.(over.signal).catch((thrown: unknown) => {
    sourceError = thrown;
    call.cancel();
  });
  try {
    yield* messages(call, new AbortController().signal);
  } catch (thrown) {
    throw sourceError ?? translate(thrown, name);
  } finally {
    unbind();
    over.abort();
    call.cancel();
    // After an early break the cancelled call still emits its status; nobody is left to hear it.
    call.on('error', () => undefined);
  }
}

const callers: { [K in DescMethod['methodKind']]: Caller } = {
  unary: (stub, key, name) => (request, options) =>
    single(
      options,
      name,
      (metadata, call, done) => stub[key]?.(request, metadata, call, done) as ClientUnaryCall,
    ),
  client_streaming: (stub, key, name) => (requests: never, options) =>
    single(
      options,
      name,
      (metadata, call, done) => stub[key]?.(metadata, call, done) as ClientWritableStream<unknown>,
      (call, over) => pump(call as ClientWritableStream<unknown>, requests, over),
    ),
  server_streaming: (stub, key, name) => (request, options) => {
    const { metadata, call } = settings(options);
    return received(stub[key]?.(request, metadata, call) as ClientReadableStream<unknown>, options, name);
  },
  bidi_streaming: (stub, key, name) => (requests: never, options) => {
    const { metadata, call: callOptions } = settings(options);
    const call = stub[key]?.(metadata, callOptions) as ClientDuplexStream<unknown, unknown>;
    return received(call, options, name, (over) => pump(call, requests, over));
  },
};

/**
 * Opens a client of a generated service. Connecting is lazy; `close` ends the channel.
 * Calls that fail with UNAVAILABLE before reaching a handler are retried by the policy.
 */
export function openClient<S extends AnyService>(service: S, options: ClientOptions): Client<S> {
  const described = service as unknown as DescService;
  const Constructor = makeGenericClientConstructor(serviceDefinition(service), described.typeName);
  const stub = new Constructor(options.address, credentials.createInsecure(), {
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.service_config': serviceConfig(options.retry ?? defaultRetryPolicy),
    'grpc.enable_retries': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 2_000,
  }) as unknown as Erased;
  const entries = described.methods.map((method: DescMethod) => [
    method.localName,
    callers[method.methodKind](stub, method.localName, `${described.typeName}/${method.name}`),
  ]);
  return { ...Object.fromEntries(entries), close: () => stub.close() } as Client<S>;
}
