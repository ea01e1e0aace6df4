import type { Origin, Remarks } from '../remarks.js';
import type { XenConfig, XenValue } from './read-config.js';

/** The keys of a configuration; what nobody has asked for in the end is what vxmig knows nothing of. */
export class XenKeys {
  readonly #left: Map<string, { readonly value: XenValue; readonly origin: Origin }>;

  constructor(
    private readonly config: XenConfig,
    private readonly remarks: Remarks,
  ) {
    this.#left = new Map(config.values);
  }

  /** Where it is written; null: nowhere. */
  origin(key: string): Origin | null {
    return this.#left.get(key)?.origin ?? null;
  }

  /** Empty texts, which xm's templates have, say nothing. */
  text(key: string): string | null {
    const value = this.#value(key);
    if (value === null) return null;
    if (value.kind === 'string') return value.text.trim() === '' ? this.#take(key, null) : this.#take(key, value.text);
    if (value.kind === 'number') return this.#take(key, String(value.number));
    return this.#unfit(key, 'a text');
  }

  number(key: string): number | null {
    const value = this.#value(key);
    if (value === null) return null;
    if (value.kind === 'number' && Number.isSafeInteger(value.number)) return this.#take(key, value.number);
    if (value.kind === 'string' && /^\s*\d{1,15}\s*$/.test(value.text)) return this.#take(key, Number(value.text));
    if (value.kind === 'string' && value.text.trim() === '') return this.#take(key, null);
    return this.#unfit(key, 'a whole number');
  }

  flag(key: string): boolean | null {
    const number = this.number(key);
    return number === null ? null : number !== 0;
  }

  /** The texts of a list, each with its place; of a single text, that. */
  texts(key: string): readonly Origin[] {
    const value = this.#value(key);
    if (value === null) return [];
    if (value.kind === 'number' || value.kind === 'code') return this.#unfit(key, 'a list') ?? [];
    const items = value.kind === 'list' ? value.items : [value];
    this.#left.delete(key);
    return items.flatMap((item) => {
      if (item.kind === 'string') return [{ text: item.text, place: item.origin.place }];
      this.remarks.lost(item.origin, 'no text, and so unknown without running it', HINT);
      return [];
    });
  }

  /** A value that has been looked at by somebody else. */
  drop(key: string): void {
    this.#left.delete(key);
  }

  /** Whether it has gone into the value of another key. */
  isUsed(key: string): boolean {
    return this.config.used.has(key);
  }

  rest(): readonly (readonly [key: string, origin: Origin])[] {
    for (const key of [...this.#left.keys()]) this.#value(key);
    return [...this.#left].map(([key, { origin }]) => [key, origin]);
  }

  /** null, and told, where it would have to be evaluated. */
  #value(key: string): XenValue | null {
    const found = this.#left.get(key);
    if (found === undefined) return null;
    if (found.value.kind !== 'code') return found.value;
    this.remarks.lost(found.origin, 'its value is Python, which is not run', HINT);
    return this.#take(key, null);
  }

  #take<T>(key: string, value: T): T {
    this.#left.delete(key);
    return value;
  }

  #unfit(key: string, expected: string): null {
    const origin = this.#left.get(key)?.origin;
    if (origin !== undefined)
      this.remarks.lost(origin, `it is not ${expected}, as Xen wants it`, 'Fix it, and import again.');
    return this.#take(key, null);
  }
}

const HINT = 'Write the value itself in its place, and import again.';
