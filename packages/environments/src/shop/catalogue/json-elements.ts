import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { ShopError } from '../errors.js';

/** What a file holds at its top. */
export type JsonShape = 'list' | 'object';

/** One entry of a file's list, or of its object. */
export interface JsonElement {
  /** From 0, in the file's order. */
  readonly index: number;
  /** The entry's name; null in a list. */
  readonly key: string | null;
  readonly value: unknown;
}

/** Greatest size of one element in bytes: what bounds the memory of reading. */
const MAX_ELEMENT_BYTES = 16 * 1024 * 1024;

const BRACKETS: { readonly [S in JsonShape]: readonly [open: number, close: number] } = {
  list: [0x5b, 0x5d],
  object: [0x7b, 0x7d],
};

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/** Cuts the bytes of one JSON list or object into the texts of its elements, a chunk at a time. */
class ElementSplitter {
  readonly #shape: JsonShape;
  /** 0 outside the list, 1 between its elements, more within one. */
  #depth = 0;
  #isInString = false;
  #isEscaped = false;
  #isOver = false;
  /** Bytes of the unfinished element. */
  #parts: Buffer[] = [];
  #size = 0;
  #count = 0;

  constructor(shape: JsonShape) {
    this.#shape = shape;
  }

  /** The elements that this chunk completes. @throws SyntaxError what is wrong */
  *push(chunk: Buffer): Generator<Buffer> {
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] ?? 0;
      if (this.#isInString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInString = false;
      } else if (this.#depth === 0) {
        this.#outside(byte);
        from = at + 1;
      } else if (byte === QUOTE) {
        this.#isInString = true;
      } else if (byte === 0x5b || byte === 0x7b) {
        this.#depth++;
      } else if (byte === 0x5d || byte === 0x7d || (byte === COMMA && this.#depth === 1)) {
        if (this.#depth === 1) {
          this.#keep(chunk.subarray(from, at));
          const isLast = byte !== COMMA;
          const element = this.#take(isLast);
          if (element !== null) yield element;
          from = at + 1;
          if (isLast) this.#close(byte);
        } else this.#depth--;
      }
    }
    this.#keep(chunk.subarray(from));
  }

  end(): void {
    if (!this.#isOver) throw this.#bad('the file ends', `the end of its ${this.#shape}`);
  }

  #bad(found: string, wanted: string): SyntaxError {
    return new SyntaxError(`after ${this.#count} items: found ${found}, want ${wanted}`);
  }

  #outside(byte: number): void {
    if (isSpace(byte)) return;
    // A byte order mark.
    if (!this.#isOver && (byte === 0xef || byte === 0xbb || byte === 0xbf)) return;
    if (this.#isOver) throw this.#bad('more text', 'the end of the file');
    if (byte !== BRACKETS[this.#shape][0]) {
      throw this.#bad(`'${String.fromCharCode(byte)}'`, `a JSON ${this.#shape}`);
    }
    this.#depth = 1;
  }

  #close(byte: number): void {
    if (byte !== BRACKETS[this.#shape][1]) {
      throw this.#bad(`'${String.fromCharCode(byte)}'`, `the end of a JSON ${this.#shape}`);
    }
    this.#depth = 0;
    this.#isOver = true;
  }

  #keep(part: Buffer): void {
    if (this.#depth === 0 || part.length === 0) return;
    this.#size += part.length;
    if (this.#size > MAX_ELEMENT_BYTES) {
      throw this.#bad(`an item of more than ${MAX_ELEMENT_BYTES} bytes`, 'a smaller one');
    }
    this.#parts.push(part);
  }

  /** The finished element; null for the nothing of an empty list. */
  #take(isLast: boolean): Buffer | null {
    const element = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    if (!element.every(isSpace)) {
      this.#count++;
      return element;
    }
    if (isLast && this.#count === 0) return null;
    throw this.#bad(isLast ? 'a comma before the end' : 'nothing before a comma', 'an item');
  }
}

function parseElement(bytes: Buffer, shape: JsonShape, index: number): JsonElement {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  if (shape === 'list') return { index, key: null, value: JSON.parse(text) };
  const [entry] = Object.entries<unknown>(JSON.parse(`{${text}}`));
  return { index, key: entry?.[0] ?? '', value: entry?.[1] };
}

/**
 * The elements of a JSON file that is one list or one object, one after the other. Only one element and one chunk are
 * held at a time, so that a file may be larger than memory.
 * @throws ShopError SHOP_FILE
 */
export async function* readJsonElements(path: string, shape: JsonShape): AsyncGenerator<JsonElement> {
  const file = basename(path);
  const splitter = new ElementSplitter(shape);
  let index = 0;
  try {
    for await (const chunk of createReadStream(path)) {
      // A stream without an encoding gives buffers.
      for (const element of splitter.push(chunk as Buffer)) {
        yield parseElement(element, shape, index);
        index++;
      }
    }
    splitter.end();
  } catch (cause) {
    if (cause instanceof ShopError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ShopError('SHOP_FILE', `${file}: item ${index}`, `${file}: item ${index}: ${reason}`, {
      cause,
    });
  }
}
