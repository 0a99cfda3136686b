/** Error codes of this package; a contract. */
export const TENSOR_ERROR_CODES = [
  'TENSOR_SHAPE',
  'TENSOR_DTYPE',
  'TENSOR_ATTRIBUTE',
  'TENSOR_TRACE',
  'TENSOR_NOT_DIFFERENTIABLE',
  'TENSOR_INPUT',
  'TENSOR_WEIGHT',
  'DEVICE_NAME',
  'DEVICE_UNAVAILABLE',
  'DEVICE_PLACEMENT',
  'PROCESS_CRASHED',
  'PROCESS_DEADLINE',
  'PROCESS_ABORTED',
  'PROCESS_CLOSED',
] as const;
export type TensorErrorCode = (typeof TENSOR_ERROR_CODES)[number];

export const isTensorErrorCode = (code: string | null): code is TensorErrorCode =>
  TENSOR_ERROR_CODES.some((known) => known === code);

export class TensorError extends Error {
  readonly code: TensorErrorCode;

  constructor(code: TensorErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TensorError';
    this.code = code;
  }
}
