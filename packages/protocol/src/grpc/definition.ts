import {
  create,
  type DescMessage,
  type DescMethod,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { GenService, GenServiceMethods } from '@bufbuild/protobuf/codegenv2';
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** A generated service descriptor: the contract from which client and server types derive. */
// biome-ignore lint/suspicious/noExplicitAny: GenService is invariant in its methods; inference restores them
export type AnyService = GenService<any>;

export type MethodsOf<S> = S extends GenService<infer M extends GenServiceMethods> ? M : never;
export type KindOf<M> = M extends { methodKind: infer K } ? K : never;
/** What callers hand over: a plain init object. */
export type InitOf<D> = D extends DescMessage ? MessageInitShape<D> : never;
/** What comes off the wire: a decoded message. */
export type ShapeOf<D> = D extends DescMessage ? MessageShape<D> : never;
export type InputOf<M> = M extends { input: infer D } ? D : never;
export type OutputOf<M> = M extends { output: infer D } ? D : never;

/** Largest message either side takes, in bytes; streams keep their messages well below it. */
export const MAX_MESSAGE_BYTES: number = 16 * 1024 * 1024;

function codec<D extends DescMessage>(desc: D) {
  return {
    serialize: (message: MessageInitShape<D>): Buffer => {
      const bytes = toBinary(desc, create(desc, message));
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    },
    // A plain view: Buffer#slice aliases Node's pool, so decoded `bytes` fields must not be Buffers.
    deserialize: (bytes: Buffer): MessageShape<D> =>
      fromBinary(desc, new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)),
  };
}

function methodDefinition(service: DescService, method: DescMethod): MethodDefinition<object, object> {
  const request = codec(method.input);
  const response = codec(method.output);
  return {
    path: `/${service.typeName}/${method.name}`,
    originalName: method.localName,
    requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
    responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
    requestSerialize: (value: object) => request.serialize(value as MessageInitShape<DescMessage>),
    requestDeserialize: request.deserialize,
    responseSerialize: (value: object) => response.serialize(value as MessageInitShape<DescMessage>),
    responseDeserialize: response.deserialize,
  };
}

/** The grpc-js definition of a generated service, keyed by local method name; paths are `/package.Service/Method`. */
export function serviceDefinition(service: AnyService): ServiceDefinition {
  const described = service as unknown as DescService;
  return Object.fromEntries(
    described.methods.map((method) => [method.localName, methodDefinition(described, method)]),
  );
}
