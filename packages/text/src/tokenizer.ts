import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import {
  type ChatMessage,
  type ChatTemplateOptions,
  createChatRenderer,
  type RenderChat,
} from './chat-template.js';
import { messageOf, TextError } from './errors.js';
import { stopTokenIds } from './special-tokens.js';
import { readTokenizerFiles, type TokenizerFiles } from './tokenizer-files.js';

/** Text to ids and back, as a Hugging Face folder defines it. */
export interface Tokenizer {
  /** Size of the vocabulary, added tokens included. */
  readonly vocabSize: number;
  /** Ids that end a completion, ascending. */
  readonly stopIds: readonly number[];
  /** Ids of a text, with the special tokens that the tokenizer itself adds (a BOS token, for instance). */
  encode(text: string): number[];
  /**
   * Ids of an answer as the model gives it behind a prompt of `applyChatTemplate`: its text, and the id that the template
   * ends it with where that is one of `stopIds`, else the first of them. @throws TextError
   */
  encodeAnswer(messages: readonly ChatMessage[], answer: string): number[];
  /**
   * Ids between an answer of the model and its next one, where the user says something in between: how the template ends the
   * answer, the user's message, and the opening of the next answer. Answer and reply are not looked at by the template, so that
   * the ids of a conversation are those of its answers as they were sampled, with these between them.
   * @param options.isEnded whether the answer ended itself, with one of `stopIds`
   * @throws TextError
   */
  encodeReply(reply: string, options: { readonly isEnded: boolean }): number[];
  /** Text of ids; special tokens and ids outside the vocabulary have none. */
  decode(ids: readonly number[]): string;
  /** The text that a chat template makes of messages. @throws TextError */
  renderChat: RenderChat;
  /** Ids of that text; the template alone decides on special tokens. @throws TextError */
  applyChatTemplate(messages: readonly ChatMessage[], options: ChatTemplateOptions): number[];
}

function build(files: TokenizerFiles): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(files.tokenizer, files.tokenizerConfig);
  } catch (error) {
    throw new TextError('TEXT_TOKENIZER_INVALID', `${files.folder}/tokenizer.json: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** What no template changes, by which an answer and its end are found. */
const PROBE_QUESTION = 'probe?';
const PROBE_ANSWER = 'answer-probe';

/** A tokenizer from the contents of its files. @throws TextError */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const tokenizer = build(files);
  const renderChat = createChatRenderer(files);
  const stopIds = stopTokenIds(files, (token) => tokenizer.token_to_id(token));
  const plainIds = (text: string): number[] => tokenizer.encode(text, { add_special_tokens: false }).ids;
  return {
    vocabSize: tokenizer.get_vocab(true).size,
    stopIds,
    encode: (text) => tokenizer.encode(text).ids,
    encodeAnswer: (messages, answer) => {
      // A probe, because templates trim answers, and put words before them.
      const whole = renderChat([...messages, { role: 'assistant', content: PROBE_ANSWER }], {
        addGenerationPrompt: false,
      });
      const behind = plainIds(whole.slice(whole.lastIndexOf(PROBE_ANSWER) + PROBE_ANSWER.length));
      const end = behind.find((id) => stopIds.includes(id)) ?? stopIds[0];
      return [...plainIds(answer), ...(end === undefined ? [] : [end])];
    },
    encodeReply: (reply, { isEnded }) => {
      const question = { role: 'user', content: PROBE_QUESTION };
      const answer = { role: 'assistant', content: PROBE_ANSWER };
      const whole = renderChat([question, answer, { role: 'user', content: reply }], {
        addGenerationPrompt: true,
      });
      const behind = plainIds(whole.slice(whole.indexOf(PROBE_ANSWER) + PROBE_ANSWER.length));
      const end = behind.findIndex((id) => stopIds.includes(id));
      return isEnded ? behind.slice(end + 1) : behind;
    },
    decode: (ids) => {
      // Models pad their vocabulary, so that a sampled id may have no token.
      const known = ids.filter((id) => tokenizer.id_to_token(id) !== undefined);
      if (known.length === 0) return '';
      // Rewriting spaces around punctuation would break "tokens in, tokens out".
      return tokenizer.decode(known, { skip_special_tokens: true, clean_up_tokenization_spaces: false });
    },
    renderChat,
    applyChatTemplate: (messages, options) => plainIds(renderChat(messages, options)),
  };
}

/**
 * Opens the tokenizer of a Hugging Face model folder (tokenizer.json, tokenizer_config.json, and where they exist
 * chat_template.jinja, config.json, generation_config.json).
 * @throws TextError
 */
export async function openTokenizer(modelDir: string): Promise<Tokenizer> {
  return createTokenizer(await readTokenizerFiles(modelDir));
}
