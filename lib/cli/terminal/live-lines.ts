import { Writable } from 'node:stream';

const CLEAR_LINE = '\r\u001b[2K';
const CLEAR_LINE_ABOVE = '\u001b[1A\u001b[2K';

interface Terminal extends Writable {
  readonly columns?: number;
  readonly rows?: number;
}

/**
 * A terminal whose last lines are rewritten in place, one for each VM that moves, while everything that is logged
 * appears above them.
 */
export class LiveLines extends Writable {
  readonly #lines = new Map<string, string>();
  /** How many lines are on the screen. */
  #drawn = 0;

  constructor(private readonly terminal: Terminal) {
    super({ decodeStrings: false });
  }

  /**
   * Shows `line` in place of the one before of the same name; an empty one takes it away. The others keep their order.
   */
  show(name: string, line: string): void {
    if (line === '') this.#lines.delete(name);
    else this.#lines.set(name, line);
    this.terminal.write(this.#cleared() + this.#drawing());
  }

  clear(): void {
    this.#lines.clear();
    this.terminal.write(this.#cleared());
  }

  override _write(chunk: Buffer | string, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    const text = String(chunk);
    this.terminal.write(this.#drawn === 0 ? text : this.#cleared() + text + this.#drawing());
    done();
  }

  #cleared(): string {
    const above = CLEAR_LINE_ABOVE.repeat(Math.max(0, this.#drawn - 1));
    this.#drawn = 0;
    return CLEAR_LINE + above;
  }

  /** In one write with what clears the lines before, so that nothing flickers. */
  #drawing(): string {
    const { columns = 80, rows = 24 } = this.terminal;
    const all = [...this.#lines.values()];
    // What has scrolled out of the screen could not be cleared again.
    const most = Math.max(1, rows - 1);
    const shown = all.length <= most ? all : [...all.slice(0, most - 1), `and ${all.length - most + 1} more`];
    this.#drawn = shown.length;
    // A line that wraps could not be cleared either.
    return shown.map((line) => line.slice(0, columns - 1)).join('\n');
  }
}
