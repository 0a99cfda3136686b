import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { checkPlacement, emitModel, type Program, showProblem } from '@residency/tensor';
import { describe, expect, it } from 'vitest';
import { ELEMENT_TYPES } from '../../../packages/tensor/src/device/element-type.js';
import { ModelProtoSchema } from '../../../packages/tensor/src/gen/onnx/onnx_pb.js';
import { allPrograms } from '../../gpu/programs.js';
import { configOf, TINY_LLAMA, TINY_QWEN2 } from '../../support/tiny-model.js';

/** A program as ONNX, its weights said to lie one after the other in one file. */
function emitted(program: Program): Uint8Array {
  let end = 0;
  const locations = new Map(
    program.weights.map((w) => {
      const bytes = w.shape.reduce<number>((n, d) => n * Number(d), 4);
      const offset = end;
      end += bytes;
      return [w.attrs.name, { file: 'w.safetensors', offset, bytes }] as const;
    }),
  );
  return emitModel(program, locations).bytes;
}

describe.each([
  ['qwen2', TINY_QWEN2],
  ['llama', TINY_LLAMA],
])('on a GPU every node of a %s model has a kernel, without cuDNN', (_, json) => {
  it.each([...allPrograms(configOf(json))])('%s', (_name, program) => {
    expect(checkPlacement(emitted(program)).map(showProblem)).toEqual([]);
  });
});

it('would be said where all of it were 16-bit: that is what mixed precision has to keep in f32', () => {
  for (const program of allPrograms(configOf(TINY_LLAMA)).values()) {
    const model = fromBinary(ModelProtoSchema, emitted(program));
    for (const t of model.graph?.initializer ?? [])
      if (t.dataType === ELEMENT_TYPES.f32) t.dataType = ELEMENT_TYPES.bf16;
    for (const { type } of model.graph?.input ?? []) {
      const { value } = type ?? {};
      if (value?.case === 'tensorType' && value.value.elemType === ELEMENT_TYPES.f32) {
        value.value.elemType = ELEMENT_TYPES.bf16;
      }
    }

    expect(checkPlacement(toBinary(ModelProtoSchema, model)).map(({ reason }) => reason)).toContain(
      'no kernel for the type',
    );
  }
});
