/** Every way a tokenizer folder is refused: code -> what it means. */
export const textErrors = {
  TEXT_FILE_MISSING: 'a file that a tokenizer folder must hold is absent or cannot be read',
  TEXT_FILE_NOT_JSON: 'a file is not JSON, or not a JSON object',
  TEXT_TOKENIZER_INVALID: 'tokenizer.json does not describe a tokenizer that can be built',
  TEXT_FIELD: 'a field of a tokenizer or configuration file has an unusable value',
  TEXT_NO_STOP_TOKEN: 'no file names a token that ends a completion',
  TEXT_NO_CHAT_TEMPLATE: 'the tokenizer folder holds no chat template',
  TEXT_CHAT_TEMPLATE: 'the chat template does not parse, or refuses the messages',
} as const;

export type TextErrorCode = keyof typeof textErrors;

/** A tokenizer that cannot be opened or used; `code` is a contract, the message names file and field. */
export class TextError extends Error {
  readonly code: TextErrorCode;

  constructor(code: TextErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'TextError';
    this.code = code;
  }
}

/** What an unknown error says. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
