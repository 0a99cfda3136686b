/** Element types that emitted models may hold, by this package's names: the numbers of ONNX's `TensorProto.DataType`. */
export const ELEMENT_TYPES = {
  f32: 1,
  u8: 2,
  i8: 3,
  i32: 6,
  i64: 7,
  bool: 9,
  f16: 10,
  f64: 11,
  bf16: 16,
} as const;

export type ElementType = keyof typeof ELEMENT_TYPES;

// The table is total, so that its keys are exactly the names.
const names = Object.keys(ELEMENT_TYPES) as readonly ElementType[];
const byNumber: ReadonlyMap<number, ElementType> = new Map(names.map((name) => [ELEMENT_TYPES[name], name]));

/** The name of a type number of ONNX; undefined for one that no emitted model holds. */
export function elementTypeOf(dataType: number): ElementType | undefined {
  return byNumber.get(dataType);
}
