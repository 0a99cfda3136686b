export { type BpeFiles, type BpeOptions, DEFAULT_PRE_TOKEN_PATTERN, trainBpe } from './bpe-trainer.js';
export {
  type ChatMessage,
  type ChatTemplateOptions,
  createChatRenderer,
  type RenderChat,
} from './chat-template.js';
export { TextError, type TextErrorCode, textErrors } from './errors.js';
export { specialTokens, stopTokenIds } from './special-tokens.js';
export { createTokenizer, openTokenizer, type Tokenizer } from './tokenizer.js';
export { type JsonObject, readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.js';
