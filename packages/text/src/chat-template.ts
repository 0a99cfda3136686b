import { Template } from '@huggingface/jinja';
import { messageOf, TextError } from './errors.js';
import { specialTokens } from './special-tokens.js';
import type { TokenizerFiles } from './tokenizer-files.js';

export interface ChatMessage {
  readonly role: string;
  readonly content: string;
}

export interface ChatTemplateOptions {
  /** Ends the text with the opening of the assistant's turn. */
  readonly addGenerationPrompt: boolean;
}

export type RenderChat = (messages: readonly ChatMessage[], options: ChatTemplateOptions) => string;

/** The template's source: chat_template.jinja, else tokenizer_config.json's text or its entry `default`. */
function templateSource(files: TokenizerFiles): string | null {
  if (files.chatTemplate !== null) return files.chatTemplate;
  const value = files.tokenizerConfig['chat_template'];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  const named: unknown[] = Array.isArray(value) ? value : [];
  for (const entry of named) {
    if (typeof entry !== 'object' || entry === null) continue;
    const { name, template }: { name?: unknown; template?: unknown } = entry;
    if (name === 'default' && typeof template === 'string') return template;
  }
  throw new TextError(
    'TEXT_FIELD',
    `${files.folder}/tokenizer_config.json: chat_template has no usable entry, want a string or a list with 'default'`,
  );
}

/**
 * Put before every template: the engine's own `strftime_now` gives way to ours. The empty expression keeps the
 * block from swallowing a line feed that the template begins with.
 */
const PRELUDE = "{% set strftime_now = refuse_clock %}{{ '' }}";

/** A clock in a prompt would make two equal runs differ. */
function refuseClock(): never {
  throw new Error('the template asks for the time of day, which a reproducible prompt cannot hold');
}

/**
 * Prepares a folder's chat template; the result renders messages to text.
 * @throws TextError TEXT_CHAT_TEMPLATE for a template that does not parse or refuses the messages, TEXT_FIELD, and
 * on first use TEXT_NO_CHAT_TEMPLATE where the folder has none
 */
export function createChatRenderer(files: TokenizerFiles): RenderChat {
  const source = templateSource(files);
  if (source === null) {
    return () => {
      throw new TextError(
        'TEXT_NO_CHAT_TEMPLATE',
        `${files.folder}: no chat template, want chat_template.jinja or chat_template in tokenizer_config.json`,
      );
    };
  }
  const tokens = specialTokens(files.tokenizerConfig);
  const fail = (error: unknown): never => {
    throw new TextError('TEXT_CHAT_TEMPLATE', `${files.folder}: chat template: ${messageOf(error)}`, {
      cause: error,
    });
  };
  const parse = (): Template => {
    try {
      return new Template(PRELUDE + source);
    } catch (error) {
      return fail(error);
    }
  };
  const template = parse();
  return (messages, options) => {
    try {
      return template.render({
        ...tokens,
        messages,
        add_generation_prompt: options.addGenerationPrompt,
        refuse_clock: refuseClock,
      });
    } catch (error) {
      return fail(error);
    }
  };
}
