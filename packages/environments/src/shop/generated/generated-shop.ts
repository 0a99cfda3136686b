import { buildShop, type Shop } from '../shop.js';
import { generateCatalogue } from './generate.js';

let built: Shop | undefined;

/** The shop of the made-up catalogue, built at the first call and shared after it; always the same. */
export function generatedShop(): Shop {
  built ??= buildShop(generateCatalogue());
  return built;
}
