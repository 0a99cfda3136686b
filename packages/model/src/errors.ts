/** Error codes of this package; a contract. */
export type ModelErrorCode =
  | 'MODEL_FILE'
  | 'MODEL_CONFIG'
  | 'MODEL_WEIGHT'
  | 'MODEL_ADAPTER'
  | 'MODEL_CHECKPOINT'
  | 'MODEL_REQUEST'
  | 'MODEL_NUMERIC'
  | 'MODEL_MEMORY'
  | 'ENGINE_DEADLINE'
  | 'ENGINE_ABORTED'
  | 'ENGINE_CRASHED'
  | 'ENGINE_CLOSED'
  | 'ENGINE_INTERNAL';

export class ModelError extends Error {
  readonly code: ModelErrorCode;

  constructor(code: ModelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ModelError';
    this.code = code;
  }
}
