import { asItem, badField, type Item, labelsField, textField } from './fields.js';

/** What the instruction file says of a product. */
export interface ProductInstruction {
  readonly attributes: readonly string[];
  /** What a buyer asks for; null where the file has no instruction for the product. */
  readonly instruction: string | null;
  /** The attributes that the instruction asks for; at least one where there is an instruction. */
  readonly instructionAttributes: readonly string[];
}

/** What a person asked for after seeing a product. */
export interface HumanInstruction {
  readonly instruction: string;
  /** None where the person named none: such an entry makes no goal. */
  readonly attributes: readonly string[];
  readonly options: readonly string[];
}

/**
 * An entry of `items_ins_v2*.json` (specs/webshop.md section 1).
 * @throws ShopError SHOP_ITEM
 */
export function parseInstruction(where: string, value: unknown): ProductInstruction {
  const item = asItem(where, value);
  const attributes = labelsField(item, 'attributes');
  const instruction = textField(item, 'instruction');
  if (instruction === '') return { attributes, instruction: null, instructionAttributes: [] };
  const instructionAttributes = labelsField(item, 'instruction_attributes');
  if (instructionAttributes.length === 0) {
    throw badField(where, 'instruction_attributes', [], 'at least one attribute beside an instruction');
  }
  return { attributes, instruction, instructionAttributes };
}

/**
 * An entry of `items_human_ins.json`: every instruction of one product (specs/webshop.md sections 1 and 2).
 * @throws ShopError SHOP_ITEM
 */
export function parseHumanInstructions(where: string, value: unknown): readonly HumanInstruction[] {
  if (!Array.isArray(value)) throw badField(where, '', value, 'a list of instructions');
  return value.map((entry: unknown, index) => {
    const item: Item = asItem(`${where}[${index}]`, entry);
    const instruction = textField(item, 'instruction');
    if (instruction.trim() === '') throw badField(item.where, 'instruction', instruction, 'text');
    return {
      instruction,
      attributes: labelsField(item, 'instruction_attributes'),
      options: labelsField(item, 'instruction_options'),
    };
  });
}
