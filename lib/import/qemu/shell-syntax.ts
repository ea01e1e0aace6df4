import { Scanner } from '../scanner.js';
import type { Place } from '../text-places.js';

/** A piece of a word, as it is written. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'variable';
      readonly name: string;
      /** `${NAME:-this}`; null: nothing. */
      readonly fallback: string | null;
      readonly text: string;
      readonly quoted: boolean;
    }
  /** What only a shell that runs could tell: `$(…)`, `` `…` ``, `$1`, `${NAME%…}`. */
  | { readonly kind: 'unknown'; readonly text: string };

export interface RawWord {
  readonly parts: readonly Part[];
  readonly place: Place;
  /** Of `NAME=(…)`, the words of the list. */
  readonly list: readonly RawWord[] | null;
}

export interface RawCommand {
  readonly words: readonly RawWord[];
  readonly place: Place;
  readonly text: string;
  /** Whether it is carried out hangs on another: `… && this`. */
  readonly conditional: boolean;
}

/**
 * A POSIX shell's grammar as far as words need it, and bash's lists; of what is run nothing is.
 * @throws Mistake where a quote or a list does not end
 */
export function shellCommands(text: string): RawCommand[] {
  const scanner = new Scanner(text);
  const commands: RawCommand[] = [];
  let words: RawWord[] = [];
  let start = 0;
  let conditional = false;
  const heredocs: string[] = [];
  const finish = (end: number, operator = '') => {
    if (words.length > 0) {
      const whole = text
        .slice(start, end)
        .replace(/\\\r?\n\s*/g, ' ')
        .trim();
      commands.push({ words, place: scanner.place(start), text: whole, conditional });
    }
    conditional = operator === '&&' || operator === '||';
    words = [];
  };
  for (;;) {
    scanner.take(/(?:[ \t\r]|\\\r?\n)+/y);
    if (scanner.take(/#[^\n]*/y) !== null) continue;
    const before = scanner.offset;
    if (scanner.atEnd) {
      finish(before);
      return commands;
    }
    if (scanner.take(/\n/y) !== null) {
      finish(before);
      for (const end of heredocs.splice(0)) passHeredoc(scanner, end);
    } else if (isRedirection(scanner)) continue;
    else {
      const heredoc = scanner.take(/<<-?[ \t]*(["']?)\w+\1/y);
      if (heredoc !== null) heredocs.push(heredoc.replace(/^<<-?[ \t]*|["']/g, ''));
      const operator = heredoc === null ? scanner.take(/;;?|&&?|\|\|?|[()]/y) : null;
      if (operator !== null) finish(before, operator);
      else if (heredoc === null) {
        if (words.length === 0) start = before;
        words.push(word(scanner, 0));
      }
    }
  }
}

/** `>FILE`, `2>&1`, `<<<WORD`: where output goes is no part of a command. */
function isRedirection(scanner: Scanner): boolean {
  const found = scanner.take(/<<<|\d*(?:>>?|<>?)(?!\()(?!<)(?:&(?:\d+|-)?)?|&>>?/y);
  if (found === null) return false;
  if (/&(?:\d+|-)$/.test(found)) return true;
  scanner.take(/[ \t]+/y);
  if (!/[\s;&|()<>]/.test(scanner.next)) word(scanner, 0);
  return true;
}

function passHeredoc(scanner: Scanner, end: string): void {
  while (!scanner.atEnd) {
    const line = scanner.take(/[^\n]*/y) ?? '';
    scanner.take(/\n/y);
    if (line.trim() === end) return;
  }
}

function word(scanner: Scanner, depth: number): RawWord {
  const place = scanner.place();
  const json = jsonWord(scanner);
  if (json !== null) return { parts: [{ kind: 'text', text: json }], place, list: null };
  const start = scanner.offset;
  const parts: Part[] = [];
  for (;;) {
    const plain = scanner.take(/[^\s'"\\$`;&|()<>]+/y);
    if (plain !== null) parts.push({ kind: 'text', text: plain });
    else if (scanner.take(/\\\r?\n/y) !== null) continue;
    else if (scanner.next === '\\') parts.push({ kind: 'text', text: (scanner.take(/\\[\s\S]?/y) ?? '').slice(1) });
    else if (scanner.next === "'") parts.push({ kind: 'text', text: singleQuoted(scanner) });
    else if (scanner.next === '"') parts.push(...doubleQuoted(scanner));
    else if (scanner.next === '$' || scanner.next === '`') parts.push(expansion(scanner, false));
    else break;
  }
  const isList = scanner.next === '(' && /^\w+\+?=$/.test(scanner.text.slice(start, scanner.offset));
  if (isList && depth === 0) return { parts, place, list: list(scanner) };
  // Something that begins no word where one has to be: a stray parenthesis, say.
  if (scanner.offset === start && !scanner.atEnd && scanner.next !== '\n') scanner.offset += 1;
  return { parts, place, list: null };
}

/** As `ps` prints arguments in JSON: without the quotes that a shell would need, and with those that JSON has. */
function jsonWord(scanner: Scanner): string | null {
  const start = scanner.offset;
  if (scanner.take(/\{(?=")/y) === null) return null;
  for (let depth = 1; depth > 0; ) {
    const piece = scanner.take(/"(?:[^"\\\n]|\\.)*"|[^"{}\n]+|[{}]/y);
    if (piece === null) {
      scanner.offset = start;
      return null;
    }
    depth += piece === '{' ? 1 : piece === '}' ? -1 : 0;
  }
  return scanner.text.slice(start, scanner.offset);
}

function list(scanner: Scanner): RawWord[] {
  const start = scanner.offset;
  scanner.take(/\(/y);
  const words: RawWord[] = [];
  for (;;) {
    scanner.take(/(?:[ \t\r\n]|\\\r?\n|(?<=\s)#[^\n]*)+/y);
    if (scanner.take(/\)/y) !== null) return words;
    if (scanner.atEnd) scanner.fail('this list does not end', 'end it with )', start);
    words.push(word(scanner, 1));
  }
}

function singleQuoted(scanner: Scanner): string {
  const start = scanner.offset;
  const found = scanner.take(/'[^']*'/y);
  return found === null ? scanner.fail('this quote does not end', "end it with '", start) : found.slice(1, -1);
}

function doubleQuoted(scanner: Scanner): Part[] {
  const start = scanner.offset;
  scanner.take(/"/y);
  // An empty one is a word, too.
  const parts: Part[] = [{ kind: 'text', text: '' }];
  for (;;) {
    const plain = scanner.take(/[^"\\$`]+/y);
    if (plain !== null) parts.push({ kind: 'text', text: plain });
    else if (scanner.take(/"/y) !== null) return parts;
    else if (scanner.atEnd) scanner.fail('this quote does not end', 'end it with "', start);
    else if (scanner.take(/\\\r?\n/y) !== null) continue;
    else if (scanner.next === '\\') {
      const pair = scanner.take(/\\[\s\S]?/y) ?? '';
      parts.push({ kind: 'text', text: /^\\[$`"\\]$/.test(pair) ? pair.slice(1) : pair });
    } else parts.push(expansion(scanner, true));
  }
}

function expansion(scanner: Scanner, quoted: boolean): Part {
  const start = scanner.offset;
  const text = () => scanner.text.slice(start, scanner.offset);
  const name = /^\$(\w+)$/.exec(scanner.take(/\$[A-Za-z_]\w*/y) ?? '')?.[1];
  if (name !== undefined) return { kind: 'variable', name, fallback: null, text: text(), quoted };
  const braced = scanner.take(/\$\{[A-Za-z_]\w*(?:\[[@*]\])?(?::?-[^${}`"'\\\n]*)?\}/y);
  if (braced !== null) {
    const [, inner = '', fallback] = /^\$\{(\w+)(?:\[[@*]\])?(?::?-(.*))?\}$/.exec(braced) ?? [];
    return { kind: 'variable', name: inner, fallback: fallback ?? null, text: text(), quoted };
  }
  if (scanner.take(/\$\(/y) !== null) passNested(scanner, '(', ')', start);
  else if (scanner.take(/\$\{/y) !== null) passNested(scanner, '{', '}', start);
  else if (scanner.take(/`/y) !== null) {
    if (scanner.take(/(?:[^`\\]|\\[\s\S])*`/y) === null) scanner.fail('this ` has no second', 'end it with `', start);
  } else if (scanner.take(/\$[\w@*#?$!-]/y) === null) {
    scanner.take(/\$/y);
    return { kind: 'text', text: '$' };
  }
  return { kind: 'unknown', text: text() };
}

function passNested(scanner: Scanner, open: string, close: string, start: number): void {
  const others = /(?:[^(){}'"\\]+|\\[\s\S]?)+/y;
  for (let depth = 1; depth > 0; ) {
    if (scanner.atEnd) scanner.fail('this expansion does not end', `end it with ${close}`, start);
    if (scanner.take(others) !== null) continue;
    if (scanner.next === "'") scanner.take(/'[^']*'|'/y);
    else if (scanner.next === '"') scanner.take(/"(?:[^"\\]|\\[\s\S])*"|"/y);
    else {
      if (scanner.next === open) depth += 1;
      if (scanner.next === close) depth -= 1;
      scanner.offset += 1;
    }
  }
}
