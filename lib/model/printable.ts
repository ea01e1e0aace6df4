/**
 * A text of unknown origin as it may be shown: control characters but tabs and line ends, and what changes the
 * direction of a line (Unicode TR 36 §3.2), are written as JSON writes them, so that no terminal obeys them.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, escaped);
}

/**
 * The same of what is one line, as a name is: with a line end in it, it would make lines of its own, which nobody else
 * has written.
 */
export function printableLine(text: string): string {
  return printable(text).replace(/[\n\t]/g, escaped);
}

/** No more than `limit` characters, and how many are left out. */
export function clipped(text: string, limit: number): string {
  return text.length <= limit ? text : `${text.slice(0, limit)}… and ${text.length - limit} more characters`;
}

function escaped(characters: string): string {
  return Array.from({ length: characters.length }, (_, index) => escapeOf(characters.charCodeAt(index))).join('');
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
