import { type Shape, sameShape } from './dim.js';
import { TensorError } from './errors.js';
import { type Aval, type DType, type Tensor, Trace } from './ir.js';

/** A traced program: named parameters in, named values out. Weights are parameters that are bound once, at compilation. */
export interface Program {
  readonly name: string;
  readonly inputs: readonly Tensor<'param'>[];
  readonly weights: readonly Tensor<'param'>[];
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** See TraceOptions. */
  readonly packsWeights: boolean;
}

export interface TraceOptions {
  /**
   * Whether each product with a weight holds that weight in the layout of its kernel, on the processor. It takes memory for
   * each such product instead of sharing what is mapped, and spares reordering the weight in every run of it: for
   * programs that multiply few rows by the same weights many times. @defaultValue false
   */
  readonly packsWeights?: boolean;
}

export interface TensorSpec {
  readonly dtype: DType;
  readonly shape: Shape;
}

/** What a program is written against while it is traced. */
export interface Tracer {
  input(name: string, shape: Shape, dtype?: DType): Tensor;
  weight(name: string, shape: Shape): Tensor;
  readonly trace: Trace;
}

/**
 * Traces a function into a program. Parameters that no output depends on are still inputs of it.
 * @throws TensorError `TENSOR_ATTRIBUTE` on a name that is declared twice with different types.
 */
export function trace(
  name: string,
  build: (tracer: Tracer) => Readonly<Record<string, Tensor>>,
  { packsWeights = false }: TraceOptions = {},
): Program {
  const root = new Trace();
  const params = new Map<string, Tensor<'param'>>();
  const declare = (role: 'input' | 'weight', paramName: string, aval: Aval): Tensor => {
    checkName(paramName);
    const known = params.get(paramName);
    if (known) {
      const isSame =
        known.attrs.role === role && known.dtype === aval.dtype && sameShape(known.shape, aval.shape);
      if (isSame) return known as Tensor;
      throw new TensorError(
        'TENSOR_ATTRIBUTE',
        `parameter ${paramName} is declared twice with different types`,
      );
    }
    const made = root.node('param', [], { name: paramName, role }, aval, true);
    params.set(paramName, made);
    return made as Tensor;
  };
  const outputs = build({
    trace: root,
    input: (n, shape, dtype = 'f32') => declare('input', n, { shape, dtype }),
    weight: (n, shape) => declare('weight', n, { shape, dtype: 'f32' }),
  });
  for (const key of Object.keys(outputs)) {
    checkName(key);
    if (params.has(key))
      throw new TensorError('TENSOR_ATTRIBUTE', `output ${key} has the name of a parameter`);
  }
  const all = [...params.values()];
  return {
    name,
    inputs: all.filter((p) => p.attrs.role === 'input'),
    weights: all.filter((p) => p.attrs.role === 'weight'),
    outputs,
    packsWeights,
  };
}

/** Names of parameters and outputs; what the emitter names itself begins otherwise. */
function checkName(name: string): void {
  if (/^[A-Za-z_][\w.:-]*$/.test(name)) return;
  throw new TensorError(
    'TENSOR_ATTRIBUTE',
    `name ${JSON.stringify(name)}: want letters, digits and _.:- after a letter`,
  );
}
