import { Writable } from 'node:stream';

const CLEAR_LINE = '\r\u001b[2K';

/** A terminal whose last line is rewritten in place, while everything that is logged appears above it. */
export class LiveLine extends Writable {
  #line = '';

  constructor(private readonly terminal: Writable & { readonly columns?: number }) {
    super({ decodeStrings: false });
  }

  /** Shows `line` in place of the one before; an empty one takes it away. */
  show(line: string): void {
    // A line that wraps could not be cleared again.
    this.#line = line.slice(0, (this.terminal.columns ?? 80) - 1);
    this.terminal.write(CLEAR_LINE + this.#line);
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const text = String(chunk);
    this.terminal.write(this.#line === '' ? text : CLEAR_LINE + text + this.#line);
    done();
  }
}
