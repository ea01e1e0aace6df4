import { isUtf8 } from 'node:buffer';
import type { Problem } from '../model/problem.js';

/** A file's bytes as text, every byte of it, so that it can be written back; a problem where they are none. */
export function decodeText(bytes: Buffer, file: string): { readonly text: string; readonly problem: Problem | null } {
  if (isUtf8(bytes)) return { text: bytes.toString(), problem: null };
  const utf16 = (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);
  const message = utf16 ? 'the file is UTF-16' : 'a byte that is not UTF-8';
  const good = utf16 ? '' : bytes.subarray(0, firstBad(bytes)).toString();
  const lines = good.split('\n');
  const place = { line: lines.length, column: (lines.at(-1) ?? '').length + 1 };
  return { text: '', problem: { file, ...place, message, fix: 'save the file as UTF-8' } };
}

/**
 * Where the first character begins that is none, by halving: whatever comes before it is UTF-8, but for a character
 * that was cut.
 */
function firstBad(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isWhole(bytes, middle)) good = middle;
    else bad = middle;
  }
  // The let-pass of a cut character may have let a bad byte pass, too.
  while (!isUtf8(bytes.subarray(0, good))) good -= 1;
  return good;
}

/**
 * Whether the first `length` bytes are UTF-8, a character that begins within the last three and is not complete let
 * pass.
 */
function isWhole(bytes: Buffer, length: number): boolean {
  return [0, 1, 2, 3].some((cut) => cut <= length && isUtf8(bytes.subarray(0, length - cut)));
}
