import { readFileSync } from 'node:fs';
import { create, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import {
  CUDA_OPERATORS,
  checkPlacement,
  compile,
  createLocalRunner,
  ops,
  showProblem,
  trace,
} from '@residency/tensor';
import { describe, expect, it, vi } from 'vitest';
import { ELEMENT_TYPES, type ElementType } from '../../../../packages/tensor/src/device/element-type.js';
import { hasHalfWeights } from '../../../../packages/tensor/src/device/placement.js';
import { type GraphProtoSchema, ModelProtoSchema } from '../../../../packages/tensor/src/gen/onnx/onnx_pb.js';
import { leaveOutTf32, refuseFallback } from '../../../../packages/tensor/src/runner/execution.js';
import { oneOperatorModel, PROBES } from '../../../gpu/standin/one-operator.js';

interface Recorded {
  readonly onnxRuntime: string;
  readonly operators: Readonly<Record<string, readonly ElementType[]>>;
}

const path = new URL('../../../gpu/standin/recorded.json', import.meta.url);
const recorded = JSON.parse(readFileSync(path, 'utf8')) as Recorded;
const types = Object.keys(ELEMENT_TYPES) as ElementType[];

type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
type NodeInit = NonNullable<GraphInit['node']>[number];

const typed = (name: string, type: ElementType) => ({
  name,
  type: {
    value: { case: 'tensorType' as const, value: { elemType: ELEMENT_TYPES[type], shape: { dim: [] } } },
  },
});
const node = (opType: string, input: string[], output: string[], extra: Partial<NodeInit> = {}): NodeInit =>
  ({ opType, input, output, name: output[0] ?? '', ...extra }) as NodeInit;
const model = (graph: GraphInit): Uint8Array =>
  toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: 10n, graph }));
const integers = (name: string, ...values: number[]) => ({
  name,
  dims: [BigInt(values.length)],
  dataType: ELEMENT_TYPES.i64,
  rawData: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});
const problemsOf = (graph: GraphInit): string[] => checkPlacement(model(graph)).map(showProblem);

describe('the CUDA table', () => {
  it('has a row, a probe and a record for each operator', () => {
    expect(Object.keys(PROBES).sort()).toEqual(Object.keys(CUDA_OPERATORS).sort());
    expect(Object.keys(recorded.operators).sort()).toEqual(Object.keys(CUDA_OPERATORS).sort());
  });

  it.each(Object.entries(PROBES))('says of %s what the provider was found to do', (operator, probe) => {
    const fine = types.filter((type) => checkPlacement(oneOperatorModel(operator, probe, type)).length === 0);

    expect(fine).toEqual(types.filter((type) => recorded.operators[operator]?.includes(type)));
  });
});

describe('checkPlacement', () => {
  it('follows element types through casts, comparisons and choices', () => {
    const toHalf = [{ name: 'to', type: 2, i: BigInt(ELEMENT_TYPES.bf16) }];
    const graph: GraphInit = {
      input: [typed('x', 'f32'), typed('n', 'i64')],
      node: [
        node('Cast', ['x'], ['h'], { attribute: toHalf } as Partial<NodeInit>),
        node('Exp', ['h'], ['e']),
        node('Log', ['e'], ['bad']),
        node('Less', ['n', 'n'], ['is']),
        node('Where', ['is', 'h', 'h'], ['w']),
        node('Pad', ['w', 'n'], ['worse']),
        node('Where', ['is', 'is', 'is'], ['worst']),
      ],
    };

    expect(problemsOf(graph)).toEqual([
      'bad: Log of bf16: no kernel for the type',
      'worse: Pad of bf16: no kernel for the type',
      'worst: Where of bool: no kernel for the type',
    ]);
  });

  it('looks into loops, with the values around them, and types their results', () => {
    const body: GraphInit = {
      name: 'body',
      input: [typed('i', 'i64'), typed('go', 'bool'), typed('c', 'f32')],
      node: [
        node('Identity', ['go'], ['on']),
        node('Det', ['c'], ['d']),
        node('Log', ['outer'], ['l']),
        node('ReduceMax', ['c'], ['m']),
        node('Identity', ['outer'], ['scan']),
      ],
      output: [typed('on', 'bool'), typed('c', 'f32'), typed('scan', 'bf16')],
    };
    const graph: GraphInit = {
      input: [typed('k', 'i64'), typed('go0', 'bool'), typed('x', 'f32'), typed('outer', 'bf16')],
      node: [
        node('Loop', ['k', 'go0', 'x'], ['y', 'scans'], {
          name: 'loop7',
          attribute: [{ name: 'body', type: 5, g: body }],
        } as Partial<NodeInit>),
        node('Log', ['y'], ['fine']),
        node('Log', ['scans'], ['half']),
      ],
    };

    expect(problemsOf(graph)).toEqual([
      'loop7/d: Det of f32: no such operator',
      'loop7/l: Log of bf16: no kernel for the type',
      'loop7/m: ReduceMax of f32: needs cuDNN',
      'half: Log of bf16: no kernel for the type',
    ]);
  });

  it.each([
    [[-1], []],
    [[0, 1], []],
    [[-2, -1], []],
    [[1], ['y: ReduceMean of f32: needs cuDNN']],
    [[0, 2], ['y: ReduceMean of f32: needs cuDNN']],
    [[-2], ['y: ReduceMean of f32: needs cuDNN']],
  ])('knows for which axes %j a mean is computed without cuDNN', (axes, problems) => {
    const graph: GraphInit = {
      input: [typed('x', 'f32')],
      initializer: [integers('axes', ...axes)],
      node: [node('ReduceMean', ['x', 'axes'], ['y'])],
    };

    expect(problemsOf(graph)).toEqual(problems);
  });

  it('refuses a sum that scatters bf16, and no other scatter', () => {
    const scatter = (type: ElementType, reduction: string): GraphInit => ({
      input: [typed('x', type), typed('i', 'i64'), typed('u', type)],
      node: [
        node('ScatterND', ['x', 'i', 'u'], ['y'], {
          attribute: [{ name: 'reduction', type: 3, s: new TextEncoder().encode(reduction) }],
        } as Partial<NodeInit>),
      ],
    });

    expect(problemsOf(scatter('bf16', 'add'))).toEqual(['y: ScatterND of bf16: no kernel for the type']);
    expect(problemsOf(scatter('bf16', 'none'))).toEqual([]);
    expect(problemsOf(scatter('f32', 'add'))).toEqual([]);
  });

  it('lets the result of Shape be a shape and nothing else, in loops too', () => {
    const body: GraphInit = {
      name: 'body',
      input: [typed('i', 'i64'), typed('go', 'bool'), typed('c', 'f32')],
      node: [
        node('Identity', ['go'], ['on']),
        node('Reshape', ['c', 's'], ['fine2']),
        node('Concat', ['s', 's'], ['bad2']),
        node('Shape', ['c'], ['leaves']),
      ],
      output: [typed('on', 'bool'), typed('c', 'f32'), typed('leaves', 'i64')],
    };
    const loop = (input: string[], output: string[], name: string, graph: GraphInit): NodeInit =>
      node('Loop', input, output, {
        name,
        attribute: [{ name: 'body', type: 5, g: graph }],
      } as Partial<NodeInit>);
    const graph: GraphInit = {
      input: [typed('k', 'i64'), typed('go0', 'bool'), typed('x', 'f32'), typed('y', 'bf16')],
      node: [
        node('Shape', ['y'], ['s']),
        node('Reshape', ['x', 's'], ['fine']),
        node('Expand', ['x', 's'], ['fine1']),
        node('Reshape', ['s', 's'], ['bad']),
        node('Mul', ['s', 's'], ['worse']),
        node('Tile', ['x', 's'], ['worst']),
        loop(['k', 'go0', 'x'], ['z', 'shapes'], 'loop1', body),
        loop(['s', 'go0', 'x'], ['z2'], 'loop2', { ...body, node: [], output: [typed('go', 'bool')] }),
      ],
    };

    expect(problemsOf(graph)).toEqual([
      'bad: Reshape of i64: computes with the result of Shape',
      'worse: Mul of i64: computes with the result of Shape',
      'worst: Tile of f32: computes with the result of Shape',
      'loop1/bad2: Concat of i64: computes with the result of Shape',
      'loop1: Loop: computes with the result of Shape',
      'loop2: Loop: computes with the result of Shape',
    ]);
  });

  it('says so where a type cannot be known', () => {
    expect(problemsOf({ node: [node('Exp', ['nowhere'], ['y'])] })).toEqual(['y: Exp: unknown type']);
  });
});

describe('models on a GPU', () => {
  it('are refused before they are loaded when a node would run elsewhere', () => {
    const bad = model({
      input: [typed('x', 'f32')],
      node: Array.from({ length: 10 }, (_, i) => node('Det', ['x'], [`y${i}`])),
    });

    expect(() => refuseFallback(bad)).toThrow(
      expect.objectContaining({
        code: 'DEVICE_PLACEMENT',
        message: expect.stringMatching(/^10 nodes cannot run on a GPU: y0: Det of f32: .*; and 2 more$/),
      }),
    );
  });

  it('keep 16-bit weights as they are', () => {
    const weight = (dataType: number) => ({ name: 'w', dims: [1n], dataType, rawData: new Uint8Array(4) });

    expect(hasHalfWeights(model({ initializer: [weight(ELEMENT_TYPES.bf16)] }))).toBe(true);
    expect(hasHalfWeights(model({ initializer: [weight(ELEMENT_TYPES.f16)] }))).toBe(true);
    expect(hasHalfWeights(model({ initializer: [weight(ELEMENT_TYPES.f32)] }))).toBe(false);
  });

  it('are computed without TF32 unless someone asks for it', () => {
    vi.stubEnv('NVIDIA_TF32_OVERRIDE', undefined);
    leaveOutTf32();
    expect(process.env['NVIDIA_TF32_OVERRIDE']).toBe('0');

    vi.stubEnv('NVIDIA_TF32_OVERRIDE', '1');
    leaveOutTf32();
    expect(process.env['NVIDIA_TF32_OVERRIDE']).toBe('1');
    vi.unstubAllEnvs();
  });

  it('fail with a code where there is no provider', async () => {
    const square = trace('square', (t) => {
      const x = t.input('x', [2]);
      return { y: ops.mul(x, x) };
    });
    const runner = createLocalRunner();
    try {
      // A GPU that no machine has, so that the answer does not depend on this one.
      const device = { kind: 'cuda', index: 999 } as const;
      await expect(compile(square, { runner, threads: 1, device })).rejects.toMatchObject({
        code: 'DEVICE_UNAVAILABLE',
        message: expect.stringMatching(/^cuda:999: /),
      });
    } finally {
      await runner.close();
    }
  });
});
