/** XDR (RFC 4506): everything in units of four bytes, most significant first. */
export class XdrWriter {
  readonly #parts: Buffer[] = [];

  uint(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32BE(value);
    this.#parts.push(part);
    return this;
  }

  /** Bytes whose number both sides know. */
  fixed(bytes: Buffer): this {
    this.#parts.push(bytes, Buffer.alloc(padding(bytes.length)));
    return this;
  }

  string(text: string): this {
    const bytes = Buffer.from(text);
    return this.uint(bytes.length).fixed(bytes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads what XdrWriter writes. Each method throws RangeError where the message is shorter than it should be. */
export class XdrReader {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  uint(): number {
    const value = this.bytes.readUInt32BE(this.#at);
    this.#at += 4;
    return value;
  }

  get atEnd(): boolean {
    return this.#at === this.bytes.length;
  }

  int(): number {
    return this.uint() | 0;
  }

  fixed(length: number): Buffer {
    const end = this.#at + length + padding(length);
    if (end > this.bytes.length) throw new RangeError(`${end - this.bytes.length} bytes are missing`);
    const value = this.bytes.subarray(this.#at, this.#at + length);
    this.#at = end;
    return value;
  }

  string(): string {
    return this.fixed(this.uint()).toString();
  }
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}
