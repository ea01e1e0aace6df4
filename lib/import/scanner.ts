import { Mistake } from './mistake.js';
import { type Place, TextPlaces } from './text-places.js';

/** A text that is read from its beginning to its end, with the place of whatever is wrong in it. */
export class Scanner {
  offset = 0;
  readonly #places: TextPlaces;

  constructor(readonly text: string) {
    this.#places = new TextPlaces(text);
  }

  get atEnd(): boolean {
    return this.offset >= this.text.length;
  }

  /** The character that comes next; empty at the end. */
  get next(): string {
    return this.text[this.offset] ?? '';
  }

  /** Whatever matches here is passed over; `pattern` is sticky. @returns what it was, or null */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.offset;
    const found = pattern.exec(this.text);
    if (found === null) return null;
    this.offset += found[0].length;
    return found[0];
  }

  place(offset = this.offset): Place {
    return this.#places.at(offset);
  }

  /** @throws Mistake always */
  fail(message: string, fix: string, offset = this.offset): never {
    throw new Mistake(this.place(offset), message, fix);
  }
}
