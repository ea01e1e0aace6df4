import { OvsdbError } from './errors.js';

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/** A whole database of hundreds of ports is below a mebibyte; more than this is a server gone wrong. */
export const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

/**
 * The protocol's own values are a dozen levels deep at most; JSON.stringify and whatever else recurses must come to an
 * end.
 */
const MAX_DEPTH = 64;

const OPEN = new Set(['{', '[']);
const CLOSE = new Set(['}', ']']);

/**
 * Cuts a byte stream into JSON values. JSON-RPC 1.0 over a stream has no framing (RFC 7047 §4): one value ends where
 * its brackets close. Only objects and arrays are taken, which is all that the protocol sends.
 */
export class JsonSplitter {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #maxBytes: number;
  #parts: string[] = [];
  #length = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(maxBytes: number = MAX_MESSAGE_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a value has begun and not ended yet. */
  get isInside(): boolean {
    return this.#depth > 0;
  }

  /**
   * Returns the values that this chunk completes. Throws OvsdbError on what is no JSON, or too long; then it is over.
   */
  push(chunk: Uint8Array): Json[] {
    const text = this.#decode(chunk);
    const values: Json[] = [];
    let start = 0;
    for (let i = 0; i < text.length; i++) {
      if (!this.#step(text.charAt(i))) continue;
      this.#keep(text.slice(start, i + 1));
      start = i + 1;
      values.push(this.#take());
    }
    this.#keep(text.slice(start));
    return values;
  }

  /** Looks at one character; true where it completes a value. */
  #step(character: string): boolean {
    if (this.#escaped) this.#escaped = false;
    else if (this.#inString) {
      if (character === '\\') this.#escaped = true;
      else if (character === '"') this.#inString = false;
    } else if (OPEN.has(character)) {
      this.#depth++;
      if (this.#depth > MAX_DEPTH)
        throw new OvsdbError(`the database server sent a message of more than ${MAX_DEPTH} levels`);
    } else if (CLOSE.has(character)) {
      if (this.#depth === 0) throw garbage(character);
      this.#depth--;
      return this.#depth === 0;
    } else if (this.#depth === 0) {
      if (!/\s/.test(character)) throw garbage(character);
    } else if (character === '"') this.#inString = true;
    return false;
  }

  #decode(chunk: Uint8Array): string {
    try {
      return this.#decoder.decode(chunk, { stream: true });
    } catch (cause) {
      throw new OvsdbError('the database server sent what is not UTF-8', { cause });
    }
  }

  #keep(text: string): void {
    if (this.#depth === 0 && text.trim() === '') return;
    this.#parts.push(text);
    this.#length += Buffer.byteLength(text);
    if (this.#length > this.#maxBytes) {
      throw new OvsdbError(`the database server sent a message of more than ${this.#maxBytes} bytes`);
    }
  }

  #take(): Json {
    const text = this.#parts.join('');
    this.#parts = [];
    this.#length = 0;
    try {
      return JSON.parse(text) as Json;
    } catch (cause) {
      throw new OvsdbError(`the database server sent what is not JSON: ${text.slice(0, 80)}`, { cause });
    }
  }
}

function garbage(character: string): OvsdbError {
  return new OvsdbError(`the database server does not speak JSON-RPC: "${character}" where a message should begin`);
}
