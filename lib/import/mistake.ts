import { MistakesError } from '../model/mistakes-error.js';
import { clipped, printableLine } from '../model/printable.js';
import type { Place } from './text-places.js';

/** What is wrong in the input, found where the name of its file is not known. */
export class Mistake extends Error {
  constructor(
    readonly place: Place,
    message: string,
    readonly fix: string,
  ) {
    super(message);
    this.name = 'Mistake';
  }
}

/** @throws MistakesError IMPORT_INVALID where `read` throws a Mistake */
export function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const { place, message, fix } = error;
    throw new MistakesError('IMPORT_INVALID', [{ file, ...place, message: printableLine(message), fix }]);
  }
}

/** A piece of the input, to be said in a message. */
export function said(text: string): string {
  return `\`${clipped(printableLine(text), 80)}\``;
}
