import { type FieldName, fieldInfo, fullMask } from './field.js';

/** Reserved port numbers (OpenFlow 1.0 §5.2.1; OVS prints them as words in every version). */
export const PORT = { IN_PORT: 0xfff8, NORMAL: 0xfffa, FLOOD: 0xfffb, ALL: 0xfffc, LOCAL: 0xfffe } as const;
const PORT_WORDS = new Map<number, string>(Object.entries(PORT).map(([word, number]) => [number, word]));

/** A value of a field under a mask; bits outside the mask are 0. */
export interface Masked {
  readonly value: bigint;
  readonly mask: bigint;
}

/** Kinds of fragments, as value and mask of OVS's two bits (ovs-fields(7), "ip_frag"). */
const FRAGMENTS: ReadonlyMap<string, Masked> = new Map([
  ['no', { value: 0n, mask: 3n }],
  ['first', { value: 1n, mask: 3n }],
  ['later', { value: 3n, mask: 3n }],
  ['yes', { value: 1n, mask: 1n }],
  ['not_later', { value: 0n, mask: 2n }],
]);

/** TCP's flags from the lowest bit on (RFC 9293 §3.1, RFC 3540). */
const TCP_FLAGS = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns'];

export function renderPort(port: number): string {
  return PORT_WORDS.get(port) ?? String(port);
}

/** A number, or a reserved port's name in any case; undefined for anything else. */
export function parsePort(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  return (PORT as Record<string, number>)[text.toUpperCase()];
}

/** OVS's `%#x`: zero has no prefix. */
export function renderHex(value: bigint): string {
  return value === 0n ? '0' : `0x${value.toString(16)}`;
}

/** A value of a field as OVS prints it, without mask. */
export function renderValue(field: FieldName, value: bigint): string {
  switch (fieldInfo(field).format) {
    case 'hex':
    case 'fragment':
    case 'flags':
      return renderHex(value);
    case 'tag':
      return `0x${value.toString(16).padStart(4, '0')}`;
    case 'dec':
      return value.toString();
    case 'port':
      return renderPort(Number(value));
    case 'mac':
      return (value.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');
    case 'ipv4':
      return renderIpv4(value);
    case 'ipv6':
      return renderIpv6(value);
  }
}

/** `10.9.0.0/24`, `0x1/0xf`, `01:00:…/01:00:…`; no mask where it covers the whole field. */
export function renderMasked(field: FieldName, { value, mask }: Masked): string {
  const word = renderWords(field, { value, mask });
  if (word !== undefined) return word;
  if (mask === fullMask(field)) return renderValue(field, value);
  const { format, bits } = fieldInfo(field);
  if (format === 'ipv4' || format === 'ipv6') {
    const length = prefixLength(mask, bits);
    return `${renderValue(field, value)}/${length ?? renderValue(field, mask)}`;
  }
  // OVS prints masked ports of TCP and UDP in hexadecimal, unmasked ones in decimal.
  if (format === 'dec') return `0x${value.toString(16)}/0x${mask.toString(16)}`;
  return `${renderValue(field, value)}/${renderValue(field, mask)}`;
}

/** Fragments and flags, which OVS prints as words. */
function renderWords(field: FieldName, { value, mask }: Masked): string | undefined {
  const { format } = fieldInfo(field);
  if (format === 'fragment') return [...FRAGMENTS].find(([, kind]) => kind.value === value && kind.mask === mask)?.[0];
  if (format !== 'flags' || mask >= 1n << BigInt(TCP_FLAGS.length)) return undefined;
  const named = TCP_FLAGS.map((name, bit) => ({ name, bit: 1n << BigInt(bit) })).filter(
    ({ bit }) => (mask & bit) !== 0n,
  );
  return named.map(({ name, bit }) => `${(value & bit) === 0n ? '-' : '+'}${name}`).join('');
}

function parseWords(field: FieldName, text: string): Masked | undefined {
  const { format } = fieldInfo(field);
  if (format === 'fragment') return FRAGMENTS.get(text);
  if (format !== 'flags' || !/^([+-][a-z]+)+$/.test(text)) return undefined;
  let [value, mask] = [0n, 0n];
  for (const [, sign, name = ''] of text.matchAll(/([+-])([a-z]+)/g)) {
    const place = TCP_FLAGS.indexOf(name);
    if (place < 0) return undefined;
    mask |= 1n << BigInt(place);
    if (sign === '+') value |= 1n << BigInt(place);
  }
  return { value, mask };
}

/**
 * Reads a value with or without mask as OVS prints it, or as a person writes it (`10.9.0.0/24`, `0x1/0xf`, `LOCAL`).
 * Bits outside the mask are cleared. Throws RangeError with the field's name where the text is no such value.
 */
export function parseMasked(field: FieldName, text: string): Masked {
  const words = parseWords(field, text);
  if (words !== undefined) return words;
  const slash = text.indexOf('/');
  const value = parseValue(field, slash < 0 ? text : text.slice(0, slash));
  if (slash < 0) return { value, mask: fullMask(field) };
  const maskText = text.slice(slash + 1);
  const { bits, format } = fieldInfo(field);
  const isLength = (format === 'ipv4' || format === 'ipv6') && /^\d+$/.test(maskText);
  const mask = isLength ? maskOfLength(Number(maskText), bits) : parseValue(field, maskText);
  return { value: value & mask, mask };
}

export function parseValue(field: FieldName, text: string): bigint {
  const { format } = fieldInfo(field);
  const value = parsePlain(format, text.trim());
  if (value === undefined || value < 0n || value > fullMask(field)) {
    throw new RangeError(`"${text}" is no value of ${field}`);
  }
  return value;
}

function parsePlain(format: string, text: string): bigint | undefined {
  switch (format) {
    case 'mac':
      return /^([0-9a-f]{2}:){5}[0-9a-f]{2}$/i.test(text) ? BigInt(`0x${text.replaceAll(':', '')}`) : undefined;
    case 'ipv4':
      return parseIpv4(text);
    case 'ipv6':
      return parseIpv6(text);
    case 'port': {
      const port = parsePort(text);
      return port === undefined ? undefined : BigInt(port);
    }
    default:
      return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : undefined;
  }
}

/** The length of a mask that is a prefix; undefined where it has holes. */
function prefixLength(mask: bigint, bits: number): number | undefined {
  for (let length = 0; length <= bits; length++) if (maskOfLength(length, bits) === mask) return length;
  return undefined;
}

function maskOfLength(length: number, bits: number): bigint {
  if (length > bits) throw new RangeError(`/${length} is longer than ${bits} bits`);
  return ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
}

function renderIpv4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => ((value >> shift) & 0xffn).toString()).join('.');
}

function parseIpv4(text: string): bigint | undefined {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const bytes = found?.slice(1).map(Number);
  if (bytes === undefined || bytes.some((byte) => byte > 255)) return undefined;
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/**
 * As inet_ntop(3) writes it: the first longest run of two or more zero groups becomes `::`; mapped addresses end
 * dotted.
 */
function renderIpv6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn));
  const zeros = longestZeroRun(groups);
  const isMapped = zeros.start === 0 && (zeros.length === 6 || (zeros.length === 5 && groups[5] === 0xffff));
  if (isMapped) return `${zeros.length === 6 ? '::' : '::ffff:'}${renderIpv4(value & 0xffffffffn)}`;
  const hex = groups.map((group) => group.toString(16));
  if (zeros.length < 2) return hex.join(':');
  return `${hex.slice(0, zeros.start).join(':')}::${hex.slice(zeros.start + zeros.length).join(':')}`;
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  groups.forEach((group, i) => {
    if (group !== 0) start = i + 1;
    else if (i + 1 - start > best.length) best = { start, length: i + 1 - start };
  });
  return best;
}

function parseIpv6(text: string): bigint | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  if (dotted?.[1] !== undefined && dotted[2] !== undefined) {
    const low = parseIpv4(dotted[2]);
    return low === undefined
      ? undefined
      : parseIpv6(`${dotted[1]}${(low >> 16n).toString(16)}:${(low & 0xffffn).toString(16)}`);
  }
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [head = [], tail] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (tail === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array<string>(missing).fill('0'), ...(tail ?? [])];
  if (groups.some((group) => !/^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
