import { said } from '../mistake.js';
import type { Origin } from '../remarks.js';
import { Scanner } from '../scanner.js';
import { stringLiteral } from './string-literal.js';

/** A value that stands in the file; `code` is Python that would have to be run to know it. */
export type XenValue =
  | { readonly kind: 'number'; readonly number: number; readonly origin: Origin }
  | { readonly kind: 'string'; readonly text: string; readonly origin: Origin }
  | { readonly kind: 'list'; readonly items: readonly XenValue[]; readonly origin: Origin }
  | { readonly kind: 'code'; readonly origin: Origin };

export interface XenConfig {
  /** The last assignment of each key counts, as with xl. */
  readonly values: ReadonlyMap<string, { readonly value: XenValue; readonly origin: Origin }>;
  /** Names that values are made of: a script's own variables, as a rule. */
  readonly used: ReadonlySet<string>;
  /** Statements of Python that assign nothing that can be known without running them. */
  readonly code: readonly Origin[];
}

const BLANKS = /[ \t\r]+/y;
const ROOM = /(?:[ \t\r\n]+|#[^\n]*|\\\r?\n)+/y;
const NAME = /[A-Za-z_]\w*/y;
const STATEMENT = new RegExp(
  '(?:import|from|if|elif|else|for|while|try|except|finally|with|def|class|return|print|pass|raise|del|global|' +
    'assert|exec)\\b',
  'y',
);
/** Deeper than any list that Xen knows. */
const DEEPEST = 8;

/**
 * xl.cfg(5), and what of a configuration for xm, which was Python, can be known without running it: assignments of
 * numbers, strings and lists, their sums, and names that have been assigned so.
 * @throws Mistake with the place of what cannot be read
 */
export function readConfig(text: string): XenConfig {
  const scanner = new Scanner(text);
  const values = new Map<string, { value: XenValue; origin: Origin }>();
  const used = new Set<string>();
  const known: Known = {
    get: (name) => {
      used.add(name);
      return values.get(name)?.value;
    },
  };
  const code: Origin[] = [];
  for (;;) {
    scanner.take(/(?:[ \t\r\n;]+|#[^\n]*)+/y);
    if (scanner.atEnd) return { values, used, code };
    const start = scanner.offset;
    if (
      scanner.take(STATEMENT) !== null &&
      !/^\s*=[^=]/.test(scanner.text.slice(scanner.offset, scanner.offset + 40))
    ) {
      passBlock(scanner, start);
      code.push(originFrom(scanner, start));
      continue;
    }
    scanner.offset = start;
    const key = scanner.take(NAME);
    scanner.take(BLANKS);
    const operator = scanner.take(/\+?=(?!=)/y);
    if (key === null || operator === null) {
      if (key !== null && /[.([]/.test(scanner.next)) {
        passLine(scanner);
        code.push(originFrom(scanner, start));
        continue;
      }
      scanner.offset = start;
      const line = scanner.take(/[^\n]*/y) ?? '';
      return scanner.fail(`${said(line.trim())} is no \`key = value\``, 'write one, or put # before it', start);
    }
    const value = assigned(scanner, known);
    const origin = originFrom(scanner, start);
    const before = values.get(key)?.value;
    values.delete(key);
    values.set(key, { value: operator === '=' || before === undefined ? value : sum(before, value, origin), origin });
  }
}

interface Known {
  /** The value of a name that is written in another's value. */
  get(name: string): XenValue | undefined;
}

function assigned(scanner: Scanner, known: Known): XenValue {
  scanner.take(BLANKS);
  const start = scanner.offset;
  const value = expression(scanner, known, 0);
  scanner.take(BLANKS);
  if (scanner.atEnd || /[\n;#]/.test(scanner.next)) return value;
  // What an operator, a call or a condition goes on with is Python; anything else is a slip.
  const isCode = value.kind === 'code' || scanner.take(/[%*./([-]|(?:if|and|or|for|in|not)\b/y) !== null;
  const rest = scanner.offset;
  passLine(scanner);
  if (!isCode)
    scanner.fail(
      `${said(scanner.text.slice(rest, scanner.offset).trim())} after the value`,
      'a text needs quotes around it, and each key a line of its own',
      rest,
    );
  return { kind: 'code', origin: originFrom(scanner, start) };
}

/** Terms joined by `+`, or side by side as Python joins strings. */
function expression(scanner: Scanner, known: Known, depth: number): XenValue {
  const start = scanner.offset;
  let value = term(scanner, known, depth);
  for (;;) {
    const end = scanner.offset;
    scanner.take(depth > 0 ? ROOM : BLANKS);
    const plus = scanner.take(/\+/y);
    if (plus !== null) scanner.take(depth > 0 ? ROOM : BLANKS);
    else if (value.kind !== 'string' || !/['"]/.test(scanner.next)) {
      scanner.offset = end;
      return value;
    }
    value = sum(value, term(scanner, known, depth), originFrom(scanner, start));
  }
}

function term(scanner: Scanner, known: Known, depth: number): XenValue {
  const start = scanner.offset;
  const origin = () => originFrom(scanner, start);
  if (/['"]/.test(scanner.next)) return { kind: 'string', text: stringLiteral(scanner), origin: origin() };
  if (/[[(]/.test(scanner.next)) return { kind: 'list', items: items(scanner, known, depth), origin: origin() };
  const digits = scanner.take(/-?(?:0[xX][0-9A-Fa-f]+|\d+(?:\.\d+)?)(?!\w)/y);
  if (digits !== null) return { kind: 'number', number: numberOf(digits), origin: origin() };
  const name = scanner.take(NAME);
  if (name === null)
    return scanner.fail(
      scanner.atEnd || scanner.next === '\n' ? 'a value is missing' : `${said(scanner.next)} begins no value`,
      'write a number, a text in quotes or a list in [ ]',
    );
  if (name === 'True' || name === 'False' || name === 'None')
    return { kind: 'number', number: name === 'True' ? 1 : 0, origin: origin() };
  const value = known.get(name);
  if (value !== undefined && !/[.([]/.test(scanner.next)) return { ...value, origin: origin() };
  return { kind: 'code', origin: origin() };
}

function items(scanner: Scanner, known: Known, depth: number): XenValue[] {
  const start = scanner.offset;
  const end = scanner.take(/\[/y) === null ? ')' : ']';
  if (end === ')') scanner.take(/\(/y);
  if (depth >= DEEPEST) scanner.fail('lists within lists within lists', 'no key of Xen has such a value', start);
  const found: XenValue[] = [];
  for (;;) {
    scanner.take(ROOM);
    if (scanner.take(end === ']' ? /\]/y : /\)/y) !== null) return found;
    if (scanner.atEnd) scanner.fail('this list does not end', `end it with ${end}`, start);
    found.push(item(scanner, known, depth + 1));
    scanner.take(ROOM);
    if (scanner.take(/,/y) === null && scanner.next !== end) {
      if (scanner.atEnd) scanner.fail('this list does not end', `end it with ${end}`, start);
      scanner.fail(`${said(scanner.next)} within a list`, `write a comma between two values, and ${end} at its end`);
    }
  }
}

/** A value within a list; what an operator goes on with is Python. */
function item(scanner: Scanner, known: Known, depth: number): XenValue {
  const start = scanner.offset;
  const value = expression(scanner, known, depth);
  scanner.take(BLANKS);
  if (scanner.take(/(?:[%*/.-]|(?:if|and|or|for|in)\b)/y) === null && value.kind !== 'code') return value;
  for (let open = 0; !scanner.atEnd; ) {
    if (open === 0 && /[\],)]/.test(scanner.next)) break;
    if (/['"]/.test(scanner.next)) stringLiteral(scanner);
    else {
      if (/[([{]/.test(scanner.next)) open += 1;
      if (/[)\]}]/.test(scanner.next)) open -= 1;
      scanner.offset += 1;
    }
  }
  return { kind: 'code', origin: originFrom(scanner, start) };
}

/** A text or a list that is doubled again and again is nobody's configuration. */
const LONGEST = 2 ** 16;

function sum(a: XenValue, b: XenValue, origin: Origin): XenValue {
  if (sizeOf(a) + sizeOf(b) > LONGEST) return { kind: 'code', origin };
  if (a.kind === 'string' && b.kind === 'string') return { kind: 'string', text: a.text + b.text, origin };
  if (a.kind === 'number' && b.kind === 'number') return { kind: 'number', number: a.number + b.number, origin };
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', items: [...a.items, ...b.items], origin };
  return { kind: 'code', origin };
}

function sizeOf(value: XenValue): number {
  if (value.kind === 'list') return value.items.length;
  return value.kind === 'string' ? value.text.length : 0;
}

function numberOf(digits: string): number {
  // Python 2 and xl read a leading zero as octal.
  return /^-?0[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number(digits);
}

function originFrom(scanner: Scanner, start: number): Origin {
  return { text: scanner.text.slice(start, scanner.offset).trim(), place: scanner.place(start) };
}

/** To the end of a line, and of the brackets and strings that are open there. */
function passLine(scanner: Scanner): void {
  let depth = 0;
  while (!scanner.atEnd) {
    scanner.take(/(?:[^\n'"()[\]{}#\\]+|\\[\s\S])+/y);
    if (/['"]/.test(scanner.next)) stringLiteral(scanner);
    else if (scanner.take(/#[^\n]*/y) !== null) continue;
    else if (scanner.take(/[([{]/y) !== null) depth += 1;
    else if (scanner.take(/[)\]}]/y) !== null) depth = Math.max(0, depth - 1);
    else if (scanner.next === '\n' && depth === 0) return;
    else scanner.offset += 1;
  }
}

/** A statement, and the lines below that are further in. */
function passBlock(scanner: Scanner, start: number): void {
  passLine(scanner);
  if (!/:\s*(?:#.*)?$/.test(scanner.text.slice(start, scanner.offset))) return;
  while (scanner.take(/\n(?=[ \t]*(?:\n|#)|[ \t]+\S)/y) !== null) passLine(scanner);
}
