/** Every way the data of a shop are refused: code -> what it means. No action of an agent ever causes an error. */
export const shopErrors = {
  SHOP_FILE: 'a file of the shop cannot be read, or is not one JSON list or object',
  SHOP_ITEM: 'an item of a file lacks a field or has one of another form',
  SHOP_GOALS: 'the goals are too many, or there are none where some are wanted',
  SHOP_SETTING: 'a setting of a shop is outside its range',
} as const;

export type ShopErrorCode = keyof typeof shopErrors;

/** Data that no shop can be built from. */
export class ShopError extends Error {
  readonly code: ShopErrorCode;
  /** What is at fault: a file and its item, `items_shuffle.json: item 3 (B000000001).pricing`, or a setting. */
  readonly param: string;

  constructor(code: ShopErrorCode, param: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ShopError';
    this.code = code;
    this.param = param;
  }
}

/** A value as an error message shows it: short, on one line. */
export function shown(value: unknown): string {
  const text = value === undefined ? 'absent' : (JSON.stringify(value) ?? typeof value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
