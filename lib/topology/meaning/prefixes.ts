import {
  type Family,
  firstOf,
  formatPrefix,
  networkOf,
  type Prefix,
  parsePrefix,
  sameIp,
} from '../../model/address.js';
import { aboutValue, type Complaint } from '../complaint.js';
import type { DraftPrefixes, Sited } from '../draft.js';

/** A `cidr` names a network, not an address in one, and each family at most once. */
export function* checkPrefixes(holder: DraftPrefixes): Generator<Complaint> {
  yield* checkOnePerFamily(holder.prefixes, (prefix) => prefix.ip.family);
  for (const { path, text, value } of holder.prefixes) {
    if (!sameIp(value.ip, firstOf(value))) {
      yield aboutValue(path, `${text} has host bits set`, `write \`${formatPrefix(networkOf(value))}\``);
    }
  }
}

export function* checkOnePerFamily<T>(
  items: readonly Sited<T>[],
  familyOf: (value: T) => Family,
): Generator<Complaint> {
  const [first, second] = items;
  if (first === undefined || second === undefined || familyOf(first.value) !== familyOf(second.value)) return;
  const family = familyName(familyOf(first.value));
  yield aboutValue(
    second.path,
    `${second.text} is a second one of ${family}`,
    'a list holds one of IPv4 and one of IPv6',
  );
}

/** The prefix of `holder` that has the family, if there is one. */
export function prefixOfFamily(holder: DraftPrefixes, family: Family): Prefix | undefined {
  return holder.prefixes.find((prefix) => prefix.value.ip.family === family)?.value;
}

/**
 * Not routed on the internet: private (RFC 1918, 4193, 6598), benchmarking (RFC 2544, 5180) and documentation (RFC
 * 5737, 3849, 9637).
 */
const NOT_PUBLIC = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '198.18.0.0/15',
  '192.0.2.0/24',
  '198.51.100.0/24',
  '203.0.113.0/24',
  'fc00::/7',
  '2001:2::/48',
  '2001:db8::/32',
  '3fff::/20',
].map((text) => parsePrefix(text));

export function isPublic(prefix: Prefix): boolean {
  return !NOT_PUBLIC.some((range) => range !== null && range.length <= prefix.length && covers(range, prefix));
}

function covers(range: Prefix, prefix: Prefix): boolean {
  if (range.ip.family !== prefix.ip.family) return false;
  return sameIp(firstOf({ ip: prefix.ip, length: range.length }), firstOf(range));
}

/** For messages. */
export function familyName(family: Family): string {
  return family === 4 ? 'IPv4' : 'IPv6';
}
