import type { Format } from './format.js';
import { chat } from './formats/chat.js';
import { headqa } from './formats/headqa.js';
import { mediq } from './formats/mediq.js';
import { medmcqa } from './formats/medmcqa.js';
import { medqa } from './formats/medqa.js';
import { medxpertqa } from './formats/medxpertqa.js';
import { pubmedqa } from './formats/pubmedqa.js';

/** The kinds of files that can be read. */
export type FormatName = 'chat' | 'headqa' | 'medmcqa' | 'medqa' | 'mediq' | 'medxpertqa' | 'pubmedqa';

/** Every format by its name. */
export const formats: { readonly [N in FormatName]: Format } = {
  chat,
  headqa,
  medmcqa,
  medqa,
  mediq,
  medxpertqa,
  pubmedqa,
};

/** Their names, in order. A total table has exactly the keys of its type. */
export const formatNames: readonly FormatName[] = Object.keys(formats).sort() as FormatName[];
