import ipaddr from 'ipaddr.js';

export type Family = 4 | 6;

/** An IP address as a number, so that ranges are arithmetic. */
export interface Ip {
  readonly family: Family;
  readonly value: bigint;
}

/** A prefix, or an address with its prefix length: `ip` keeps the host bits as they were written. */
export interface Prefix {
  readonly ip: Ip;
  readonly length: number;
}

/**
 * The address that `text` writes in full, or null. `10.1`, octal and zone ids are refused: they surprise more than they
 * help.
 */
export function parseIp(text: string): Ip | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) {
    return { family: 4, value: bytesToValue(ipaddr.IPv4.parse(text).toByteArray()) };
  }
  if (text.includes(':') && !text.includes('%') && ipaddr.IPv6.isValid(text)) {
    return { family: 6, value: bytesToValue(ipaddr.IPv6.parse(text).toByteArray()) };
  }
  return null;
}

/** `10.9.0.1/24` or `fd00:9::/64`, or null. */
export function parsePrefix(text: string): Prefix | null {
  const [address, length, ...rest] = text.split('/');
  if (address === undefined || length === undefined || rest.length > 0 || !/^\d{1,3}$/.test(length)) return null;
  const ip = parseIp(address);
  if (ip === null || Number(length) > bitsOf(ip.family)) return null;
  return { ip, length: Number(length) };
}

/** IPv6 in the form of RFC 5952. */
export function formatIp(ip: Ip): string {
  const bytes: number[] = [];
  for (let shift = bitsOf(ip.family) - 8; shift >= 0; shift -= 8)
    bytes.push(Number((ip.value >> BigInt(shift)) & 0xffn));
  return ipaddr.fromByteArray(bytes).toString();
}

export function formatPrefix(prefix: Prefix): string {
  return `${formatIp(prefix.ip)}/${prefix.length}`;
}

export function bitsOf(family: Family): 32 | 128 {
  return family === 4 ? 32 : 128;
}

/** How many addresses the prefix spans. */
export function sizeOf(prefix: Prefix): bigint {
  return 1n << BigInt(bitsOf(prefix.ip.family) - prefix.length);
}

/** The prefix with its host bits cleared. */
export function networkOf(prefix: Prefix): Prefix {
  return { ip: firstOf(prefix), length: prefix.length };
}

export function firstOf(prefix: Prefix): Ip {
  const size = sizeOf(prefix);
  return { family: prefix.ip.family, value: (prefix.ip.value / size) * size };
}

export function lastOf(prefix: Prefix): Ip {
  return plus(firstOf(prefix), sizeOf(prefix) - 1n);
}

export function plus(ip: Ip, offset: bigint): Ip {
  return { family: ip.family, value: ip.value + offset };
}

export function sameIp(a: Ip, b: Ip): boolean {
  return a.family === b.family && a.value === b.value;
}

export function contains(prefix: Prefix, ip: Ip): boolean {
  return prefix.ip.family === ip.family && firstOf(prefix).value <= ip.value && ip.value <= lastOf(prefix).value;
}

export function overlap(a: Prefix, b: Prefix): boolean {
  return contains(a, firstOf(b)) || contains(b, firstOf(a));
}

function bytesToValue(bytes: readonly number[]): bigint {
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

/**
 * The link-local IPv6 address that a machine forms out of its MAC (RFC 4291 appendix A). @throws RangeError for what is
 * no MAC
 */
export function linkLocalOf(mac: string): string {
  const bytes = mac.split(':').map((pair) => Number.parseInt(pair, 16));
  const [first, second, third, fourth, fifth, sixth] = bytes;
  if (bytes.length !== 6 || first === undefined || bytes.some(Number.isNaN)) throw new RangeError(`not a MAC: ${mac}`);
  const identifier = [first ^ 2, second, third, 0xff, 0xfe, fourth, fifth, sixth].map((byte) => byte ?? 0);
  return formatIp({ family: 6, value: (0xfe80n << 112n) | bytesToValue(identifier) });
}

/**
 * An address, with or without the length of the network that it is in, as a prefix that holds nothing else:
 * `10.9.0.1/32`.
 */
export function asHostPrefix(text: string): string {
  const ip = parsePrefix(text)?.ip ?? parseIp(text);
  return ip === null ? text : formatPrefix({ ip, length: bitsOf(ip.family) });
}

/** Of `10.9.0.1/24` the `10.9.0.1`; an address without a length is itself. */
export function withoutLength(prefix: string): string {
  return prefix.split('/')[0] ?? prefix;
}
