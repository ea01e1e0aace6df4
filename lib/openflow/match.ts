import {
  ETHER_TYPE,
  FIELDS,
  type FieldName,
  fieldInfo,
  fieldNamed,
  fullMask,
  IP_PROTOCOL,
  maskOf,
  type Subfield,
  widthOf,
} from './field.js';
import type { NamedBits, Naming } from './naming.js';
import { type Masked, parseMasked, renderHex, renderMasked } from './value.js';

/** What a packet must look like. Equal matches render to equal text. */
export interface Match {
  readonly fields: ReadonlyMap<FieldName, Masked>;
  /** Terms of other people's flows that we do not speak (`ct_state=+est`), as printed. */
  readonly other: readonly string[];
}

/** Some bits of a field and what they must be. */
export interface BitsMatch {
  readonly bits: Subfield;
  readonly value: bigint;
}

/** For registers: `match({}, is(fromTunnel, 1))`. */
export function is(subfield: Subfield, value: number | bigint): BitsMatch {
  return { bits: subfield, value: fitting(subfield, BigInt(value)) };
}

/** Throws RangeError where a value has more bits than the place it goes to: OVS would cut it silently. */
export function fitting(subfield: Subfield, value: bigint): bigint {
  if (value < 0n || value >= 1n << BigInt(widthOf(subfield))) {
    throw new RangeError(`${value} does not fit ${subfield.field}[${subfield.from}..${subfield.to}]`);
  }
  return value;
}

export const ANY: Match = { fields: new Map(), other: [] };

/**
 * Builds a match: values as OVS writes them (`'10.9.0.0/24'`, `'52:54:00:09:00:01'`) or as numbers.
 * Throws RangeError for a value that is none, and Error where a prerequisite lacks (`ip_dst` without
 * `eth_type: 0x0800`): ovs-ofctl would drop such a term and install a wider flow.
 */
export function match(
  fields: { readonly [Name in FieldName]?: string | number | bigint },
  ...bitsMatches: readonly BitsMatch[]
): Match {
  const terms = new Map<FieldName, Masked>();
  for (const [name, value] of Object.entries(fields)) {
    const field = fieldNamed(name);
    if (field === undefined) throw new Error(`no field is called ${name}`);
    addTerm(terms, field, parseMasked(field, String(value)));
  }
  for (const { bits, value } of bitsMatches) {
    addTerm(terms, bits.field, { value: fitting(bits, value) << BigInt(bits.from), mask: maskOf(bits) });
  }
  checkPrerequisites(terms);
  return { fields: terms, other: [] };
}

function addTerm(terms: Map<FieldName, Masked>, field: FieldName, term: Masked): void {
  const known = terms.get(field) ?? { value: 0n, mask: 0n };
  const common = known.mask & term.mask;
  if ((known.value & common) !== (term.value & common))
    throw new Error(`${field} is matched twice, against two values`);
  const joined = { value: known.value | term.value, mask: known.mask | term.mask };
  if (joined.mask !== 0n) terms.set(field, joined);
}

function checkPrerequisites(terms: ReadonlyMap<FieldName, Masked>): void {
  for (const field of terms.keys()) {
    const needs = fieldInfo(field).prerequisite;
    if (needs === null) continue;
    const wanted = [
      ['eth_type', needs.etherTypes],
      ['nw_proto', needs.ipProtocols],
      ['icmp_type', needs.icmpTypes],
    ] as const;
    for (const [other, values] of wanted) {
      const seen = exact(terms, other);
      if (values === undefined || (seen !== undefined && values.includes(seen))) continue;
      throw new Error(`${field} needs ${other} to be ${values.map((value) => `0x${value.toString(16)}`).join(' or ')}`);
    }
  }
}

function exact(terms: ReadonlyMap<FieldName, Masked>, field: FieldName): number | undefined {
  const term = terms.get(field);
  return term !== undefined && term.mask === fullMask(field) ? Number(term.value) : undefined;
}

/** Shorthand that OVS prints for EtherType and protocol together. */
const SHORTHANDS: readonly { readonly word: string; readonly etherType: number; readonly protocol?: number }[] = [
  { word: 'icmp', etherType: ETHER_TYPE.ip, protocol: IP_PROTOCOL.icmp },
  { word: 'tcp', etherType: ETHER_TYPE.ip, protocol: IP_PROTOCOL.tcp },
  { word: 'udp', etherType: ETHER_TYPE.ip, protocol: IP_PROTOCOL.udp },
  { word: 'sctp', etherType: ETHER_TYPE.ip, protocol: IP_PROTOCOL.sctp },
  { word: 'ip', etherType: ETHER_TYPE.ip },
  { word: 'icmp6', etherType: ETHER_TYPE.ipv6, protocol: IP_PROTOCOL.icmp6 },
  { word: 'tcp6', etherType: ETHER_TYPE.ipv6, protocol: IP_PROTOCOL.tcp },
  { word: 'udp6', etherType: ETHER_TYPE.ipv6, protocol: IP_PROTOCOL.udp },
  { word: 'sctp6', etherType: ETHER_TYPE.ipv6, protocol: IP_PROTOCOL.sctp },
  { word: 'ipv6', etherType: ETHER_TYPE.ipv6 },
  { word: 'arp', etherType: ETHER_TYPE.arp },
  { word: 'rarp', etherType: ETHER_TYPE.rarp },
];

/** As ovs-ofctl dumps it, or with named bits for people. An empty match renders to ''. */
export function renderMatch(match: Match, naming?: Naming): string {
  const etherType = exact(match.fields, 'eth_type');
  const protocol = exact(match.fields, 'nw_proto');
  const shorthand = SHORTHANDS.find(
    (entry) => entry.etherType === etherType && (entry.protocol === undefined || entry.protocol === protocol),
  );
  const parts: string[] = shorthand === undefined ? [] : [shorthand.word];
  for (const [field, info] of FIELDS) {
    const term = match.fields.get(field);
    if (term === undefined) continue;
    if (field === 'eth_type' && shorthand !== undefined) continue;
    if (field === 'nw_proto' && shorthand?.protocol !== undefined) continue;
    if (field === 'eth_type') parts.push(renderEtherType(term));
    else parts.push(...renderTerm(field, info.matchName, term, naming?.bits ?? []));
  }
  return [...match.other, ...parts].join(',');
}

function renderEtherType({ value }: Masked): string {
  return `dl_type=0x${value.toString(16).padStart(4, '0')}`;
}

function renderTerm(field: FieldName, matchName: string, term: Masked, named: readonly NamedBits[]): string[] {
  const parts: string[] = [];
  let rest = term;
  for (const entry of named) {
    const mask = maskOf(entry);
    if (entry.field !== field || (rest.mask & mask) !== mask) continue;
    parts.push(`${entry.name}=${renderHex((rest.value & mask) >> BigInt(entry.from))}`);
    rest = { value: rest.value & ~mask, mask: rest.mask & ~mask };
  }
  if (rest.mask !== 0n) parts.push(`${matchName}=${renderMasked(field, rest)}`);
  return parts;
}

/**
 * Reads the terms of a match; a term that we do not speak is kept as text. Throws RangeError for a value that is none.
 */
export function parseMatchTerms(terms: readonly string[]): Match {
  const fields = new Map<FieldName, Masked>();
  const other: string[] = [];
  for (const term of terms) {
    const equals = term.indexOf('=');
    const shorthand = SHORTHANDS.find(({ word }) => word === term);
    const field = fieldNamed(equals < 0 ? term : term.slice(0, equals));
    if (shorthand !== undefined) {
      addTerm(fields, 'eth_type', parseMasked('eth_type', String(shorthand.etherType)));
      if (shorthand.protocol !== undefined)
        addTerm(fields, 'nw_proto', parseMasked('nw_proto', String(shorthand.protocol)));
    } else if (field !== undefined && equals > 0) addTerm(fields, field, parseMasked(field, term.slice(equals + 1)));
    else other.push(term);
  }
  return { fields, other };
}
