import type { Remarks } from '../remarks.js';
import type { Options } from './options.js';
import type { Properties } from './properties.js';

/** Things that others name by their id: `-object`, `-chardev`, `-netdev`, `-blockdev`, `-drive if=none`, …. */
export class QemuObjects {
  readonly #left = new Map<string, Properties>();

  constructor(all: readonly Properties[], key = 'id') {
    for (const [index, one] of all.entries()) this.#left.set(one.peek(key) ?? `#${index}`, one);
  }

  static of(options: Options, name: string, first: string): QemuObjects {
    return new QemuObjects(options.properties(name, first));
  }

  peek(id: string): Properties | null {
    return this.#left.get(id) ?? null;
  }

  /** Each belongs to one device. */
  take(id: string): Properties | null {
    const found = this.#left.get(id) ?? null;
    this.#left.delete(id);
    return found;
  }

  takeAll(): Properties[] {
    const all = [...this.#left.values()];
    this.#left.clear();
    return all;
  }

  tellRest(remarks: Remarks, why: string, hint: string): void {
    for (const one of this.takeAll()) remarks.lost(one.origin, why, hint);
  }
}
