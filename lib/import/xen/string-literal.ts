import type { Scanner } from '../scanner.js';

const SIMPLE: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
};

/**
 * A string as xl and Python write it: `'…'`, `"…"`, and Python's `'''…'''`; the scanner stands at its quote.
 * @throws Mistake where it does not end
 */
export function stringLiteral(scanner: Scanner): string {
  const start = scanner.offset;
  const quote = scanner.take(/'''|"""|'|"/y) ?? '';
  const isLong = quote.length === 3;
  let value = '';
  for (;;) {
    value += scanner.take(isLong ? /[^\\'"]+/y : /[^\\'"\n]+/y) ?? '';
    if (scanner.text.startsWith(quote, scanner.offset)) break;
    if (scanner.atEnd || (scanner.next === '\n' && !isLong))
      scanner.fail('this string does not end', `end it with ${quote}`, start);
    if (scanner.next === '\\') value += escaped(scanner);
    else value += scanner.take(/[^\\]/y) ?? '';
  }
  scanner.offset += quote.length;
  return value;
}

function escaped(scanner: Scanner): string {
  const start = scanner.offset;
  const found = scanner.take(/\\(?:x[0-9A-Fa-f]{2}|[0-7]{1,3}|[\s\S])/y);
  if (found === null) return scanner.fail('a backslash at the end', 'end the string');
  const body = found.slice(1);
  const code = /^x(..)$/.exec(body)?.[1];
  const octal = /^[0-7]+$/.test(body);
  if (code === undefined && !octal) return SIMPLE[body] ?? found;
  const character = String.fromCharCode(code === undefined ? Number.parseInt(body, 8) : Number.parseInt(code, 16));
  if (character < ' ' || character === '\u007f') scanner.fail('a control character in a string', 'take it out', start);
  return character;
}
