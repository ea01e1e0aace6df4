/**
 * A text of unknown origin as it may be shown: control characters but tabs and line ends, and what changes the direction of a line
 * (Unicode TR 36 §3.2), are written as JSON writes them, so that no terminal obeys them.
 */
export function printable(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]|[\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    Array.from({ length: character.length }, (_, index) => escapeOf(character.charCodeAt(index))).join(''),
  );
}

function escapeOf(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
