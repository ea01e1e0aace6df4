import fc from 'fast-check';

/** One change of a file, chosen by numbers, so that fast-check can shrink a list of them. */
export interface Mutation {
  readonly kind: Kind;
  readonly at: number;
  readonly what: number;
}

const KINDS = [
  'drop-line',
  'double-line',
  'move-line',
  'swap-lines',
  'replace-value',
  'replace-key',
  'replace-word',
  'insert',
  'cut',
  'delete-span',
  'flip-byte',
  'indent',
  'line-ends',
  'append',
] as const;
type Kind = (typeof KINDS)[number];

export const mutations: fc.Arbitrary<readonly Mutation[]> = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), at: fc.nat(1_000_000), what: fc.nat(1_000_000) }),
  { minLength: 1, maxLength: 4 },
);

/** Values that a topology has nowhere, or at another place. */
const VALUES = [
  '',
  '~',
  'null',
  'true',
  '-1',
  '0',
  '1',
  '1.5',
  '.nan',
  '.inf',
  '-.inf',
  '1e400',
  '0x7fffffffffffffff',
  '99999999999999999999999999',
  `"${'9'.repeat(400)}GiB"`,
  '999999999GiB',
  '99999999999m',
  '999999999999999s',
  '[]',
  '{}',
  '[[]]',
  '[null]',
  '{a: 1}',
  '{<<: {a: 1}}',
  '[a, b, c]',
  `${'['.repeat(40)}${']'.repeat(40)}`,
  `${'{a: '.repeat(30)}1${'}'.repeat(30)}`,
  '&x 1',
  '*x',
  '&x [*x]',
  '{? {a: 1} : 2}',
  '{? [a] : 2}',
  '!!js/function "function () {}"',
  '!!python/object/apply:os.system [id]',
  '!!binary AAEC',
  '!!set {a, b}',
  '!!omap [{a: 1}]',
  '!!timestamp 2026-01-01',
  '!!float 5001',
  '!!str 1',
  '"\\0"',
  '"\\e[31mred"',
  '"\\u202Egpj.exe"',
  '"a\\nb"',
  '"\\uD800"',
  "'$(id)'",
  '"`id`"',
  '"; reboot"',
  '"-rf"',
  '--help',
  '"~/x"',
  '"*"',
  'é',
  '🦊',
  'host-a',
  'host-z',
  'web',
  'blue',
  'left',
  'full',
  'hub: host-a',
  '{hub: host-a}',
  '__proto__',
  'constructor',
  'toString',
  '198.18.1.10',
  '198.18.1.0/24',
  '0.0.0.0/0',
  '255.255.255.255/32',
  '224.0.0.0/4',
  '127.0.0.1',
  '010.1.1.1',
  '1.2.3',
  '"::"',
  '"::/0"',
  '"fd00::1%eth0"',
  '"::ffff:198.18.1.10"',
  '10.9.0.1/33',
  '10.9.0.1/-1',
  '10.9.0.0/31',
  '"ff:ff:ff:ff:ff:ff"',
  '52:54:00:09:00:01',
  '02-00-00-00-00-01',
  'a'.repeat(31),
  'a'.repeat(32),
  'x'.repeat(5000),
  `"${':'.repeat(3000)}"`,
  `"${'1.'.repeat(3000)}"`,
  '|\n    text',
  '>-\n    text',
  '"unfinished',
  '[1, 2',
  '@x',
  '%x',
  'a: b: c',
] as const;

/** Texts that begin, end or change something in YAML, or that a terminal or a shell would take for more than text. */
const PIECES = [
  ...VALUES,
  ':',
  ': ',
  '- ',
  '? ',
  '#',
  ' #',
  '---\n',
  '...\n',
  '%YAML 1.1\n---\n',
  '%TAG ! tag:x,2026:\n---\n',
  '\t',
  '\n\t',
  '\ufeff',
  '\u0000',
  '\u0007',
  '\u001b[2J',
  '\u0085',
  '\u2028',
  '\u202e',
  '\u200f',
  '\ufffe',
  '\r',
  '}',
  ']',
  ',',
  '"',
  "'",
  '\\',
  '<<: *x\n',
  '&x ',
  '!! ',
] as const;

const KEYS = [
  'name',
  'lab',
  'hosts',
  'vms',
  'networks',
  'probes',
  'ssh',
  'mtu',
  'mesh',
  'domain',
  'host',
  'nics',
  '<<',
  '__proto__',
  '"a b"',
  '~',
  '1',
  '[a]',
];

/** What a list of mutations makes of a file. */
export function mutated(source: string, list: readonly Mutation[]): Buffer {
  let bytes = Buffer.from(source);
  for (const mutation of list) bytes = Buffer.from(applied(bytes, mutation));
  return bytes;
}

function applied(bytes: Buffer, { kind, at, what }: Mutation): Buffer | string {
  // Bytes that are no text stay as they are.
  const text = bytes.toString('latin1');
  const asBytes = (changed: string) => Buffer.from(changed, 'latin1');
  const inserted = (piece: string) => Buffer.from(piece).toString('latin1');
  const lines = text.split('\n');
  const line = at % lines.length;
  const value = inserted(pick(VALUES, what));
  switch (kind) {
    case 'drop-line':
      return asBytes(lines.toSpliced(line, 1 + (what % 3)).join('\n'));
    case 'double-line':
      return asBytes(lines.toSpliced(line, 0, lines[line] ?? '').join('\n'));
    case 'move-line':
      return asBytes(
        lines
          .toSpliced(line, 1)
          .toSpliced(what % lines.length, 0, lines[line] ?? '')
          .join('\n'),
      );
    case 'swap-lines':
      return asBytes(
        lines
          .with(line, lines[what % lines.length] ?? '')
          .with(what % lines.length, lines[line] ?? '')
          .join('\n'),
      );
    case 'replace-value':
      return asBytes(replaceNth(text, /(?<=: +)(?:"[^"\n]*"|\[[^\]\n]*\]|[^\s,{}[\]#"]+)/g, at, value));
    case 'replace-key':
      return asBytes(replaceNth(text, /[A-Za-z][A-Za-z0-9-]*(?=:)/g, at, inserted(pick(KEYS, what))));
    case 'replace-word':
      return asBytes(replaceNth(text, /[A-Za-z0-9.:/-]+/g, at, value));
    case 'insert': {
      const place = at % (text.length + 1);
      return asBytes(text.slice(0, place) + inserted(pick(PIECES, what)) + text.slice(place));
    }
    case 'cut':
      return asBytes(text.slice(0, at % (text.length + 1)));
    case 'delete-span': {
      const place = at % (text.length + 1);
      return asBytes(text.slice(0, place) + text.slice(place + 1 + (what % 40)));
    }
    case 'flip-byte': {
      if (bytes.length === 0) return bytes;
      const place = at % bytes.length;
      const flipped = Buffer.from(bytes);
      flipped[place] = (flipped[place] ?? 0) ^ (1 << (what % 8));
      return flipped;
    }
    case 'indent':
      return asBytes(
        lines.with(line, (what % 2 === 0 ? ' '.repeat(1 + (what % 5)) : '\t') + (lines[line] ?? '')).join('\n'),
      );
    case 'line-ends':
      return asBytes(text.replaceAll('\n', what % 2 === 0 ? '\r\n' : '\r'));
    case 'append':
      return asBytes(`${text}${what % 2 === 0 ? '---\n' : ''}${inserted(pick(KEYS, what))}: ${value}\n`);
  }
}

function replaceNth(text: string, pattern: RegExp, at: number, replacement: string): string {
  const matches = [...text.matchAll(pattern)];
  const match = matches[at % Math.max(matches.length, 1)];
  if (match === undefined) return text;
  return text.slice(0, match.index) + replacement + text.slice(match.index + match[0].length);
}

function pick<T>(list: readonly T[], number: number): T {
  return list[number % list.length] as T;
}
