/**
 * How a field's value is written: hexadecimal, decimal, port, as an address, as a VLAN tag, as a word for fragments, or
 * as flags of TCP.
 */
export type FieldFormat = 'hex' | 'dec' | 'port' | 'mac' | 'ipv4' | 'ipv6' | 'tag' | 'fragment' | 'flags';

/** What a packet must be for a field to exist (ovs-fields(7), "Prerequisites"). */
export interface Prerequisite {
  readonly etherTypes: readonly number[];
  readonly ipProtocols?: readonly number[];
  readonly icmpTypes?: readonly number[];
}

export interface FieldInfo {
  /** Name in `set_field` and in literals of learn(). */
  readonly name: string;
  /** Name in the match of a dump, where OVS keeps an older one (`dl_dst` for `eth_dst`). */
  readonly matchName: string;
  /** Name in `move`, `load`, `output` and learn(); null where it depends on the protocol. */
  readonly nxmName: string | null;
  readonly bits: number;
  readonly format: FieldFormat;
  readonly prerequisite: Prerequisite | null;
}

export const ETHER_TYPE = { ip: 0x0800, arp: 0x0806, rarp: 0x8035, ipv6: 0x86dd } as const;
export const IP_PROTOCOL = { icmp: 1, tcp: 6, udp: 17, icmp6: 58, sctp: 132 } as const;

const arp: Prerequisite = { etherTypes: [ETHER_TYPE.arp, ETHER_TYPE.rarp] };
const ip: Prerequisite = { etherTypes: [ETHER_TYPE.ip] };
const ipv6: Prerequisite = { etherTypes: [ETHER_TYPE.ipv6] };
const anyIp: Prerequisite = { etherTypes: [ETHER_TYPE.ip, ETHER_TYPE.ipv6] };
const ports: Prerequisite = { ...anyIp, ipProtocols: [IP_PROTOCOL.tcp, IP_PROTOCOL.udp, IP_PROTOCOL.sctp] };
const tcp: Prerequisite = { ...anyIp, ipProtocols: [IP_PROTOCOL.tcp] };
const icmp: Prerequisite = { ...anyIp, ipProtocols: [IP_PROTOCOL.icmp, IP_PROTOCOL.icmp6] };
const solicitation: Prerequisite = { ...ipv6, ipProtocols: [IP_PROTOCOL.icmp6], icmpTypes: [135] };
const advertisement: Prerequisite = { ...solicitation, icmpTypes: [136] };
const neighbour: Prerequisite = { ...solicitation, icmpTypes: [135, 136] };

const REGISTER_NAMES = [
  ...(['reg0', 'reg1', 'reg2', 'reg3', 'reg4', 'reg5', 'reg6', 'reg7'] as const),
  ...(['reg8', 'reg9', 'reg10', 'reg11', 'reg12', 'reg13', 'reg14', 'reg15'] as const),
] as const;
export type RegisterName = (typeof REGISTER_NAMES)[number];

/** name: [name in matches, NXM name, bits, format, prerequisite]. The order is the one in which OVS prints a match. */
const TABLE = {
  tun_id: ['tun_id', 'NXM_NX_TUN_ID', 64, 'hex', null],
  tun_src: ['tun_src', 'NXM_NX_TUN_IPV4_SRC', 32, 'ipv4', null],
  tun_dst: ['tun_dst', 'NXM_NX_TUN_IPV4_DST', 32, 'ipv4', null],
  tun_ipv6_src: ['tun_ipv6_src', 'NXM_NX_TUN_IPV6_SRC', 128, 'ipv6', null],
  tun_ipv6_dst: ['tun_ipv6_dst', 'NXM_NX_TUN_IPV6_DST', 128, 'ipv6', null],
  metadata: ['metadata', 'OXM_OF_METADATA', 64, 'hex', null],
  in_port: ['in_port', 'NXM_OF_IN_PORT', 16, 'port', null],
  /** Of the outermost VLAN tag; bit 12 says that there is one. */
  vlan_tci: ['vlan_tci', 'NXM_OF_VLAN_TCI', 16, 'tag', null],
  eth_src: ['dl_src', 'NXM_OF_ETH_SRC', 48, 'mac', null],
  eth_dst: ['dl_dst', 'NXM_OF_ETH_DST', 48, 'mac', null],
  eth_type: ['dl_type', 'NXM_OF_ETH_TYPE', 16, 'hex', null],
  ip_src: ['nw_src', 'NXM_OF_IP_SRC', 32, 'ipv4', ip],
  ip_dst: ['nw_dst', 'NXM_OF_IP_DST', 32, 'ipv4', ip],
  ipv6_src: ['ipv6_src', 'NXM_NX_IPV6_SRC', 128, 'ipv6', ipv6],
  ipv6_dst: ['ipv6_dst', 'NXM_NX_IPV6_DST', 128, 'ipv6', ipv6],
  arp_spa: ['arp_spa', 'NXM_OF_ARP_SPA', 32, 'ipv4', arp],
  arp_tpa: ['arp_tpa', 'NXM_OF_ARP_TPA', 32, 'ipv4', arp],
  nw_proto: ['nw_proto', 'NXM_OF_IP_PROTO', 8, 'dec', anyIp],
  arp_op: ['arp_op', 'NXM_OF_ARP_OP', 16, 'dec', arp],
  arp_sha: ['arp_sha', 'NXM_NX_ARP_SHA', 48, 'mac', arp],
  arp_tha: ['arp_tha', 'NXM_NX_ARP_THA', 48, 'mac', arp],
  ip_frag: ['nw_frag', 'NXM_NX_IP_FRAG', 2, 'fragment', anyIp],
  icmp_type: ['icmp_type', null, 8, 'dec', icmp],
  icmp_code: ['icmp_code', null, 8, 'dec', icmp],
  nd_target: ['nd_target', 'NXM_NX_ND_TARGET', 128, 'ipv6', neighbour],
  nd_sll: ['nd_sll', 'NXM_NX_ND_SLL', 48, 'mac', solicitation],
  nd_tll: ['nd_tll', 'NXM_NX_ND_TLL', 48, 'mac', advertisement],
  tp_src: ['tp_src', null, 16, 'dec', ports],
  tp_dst: ['tp_dst', null, 16, 'dec', ports],
  tcp_flags: ['tcp_flags', 'NXM_NX_TCP_FLAGS', 12, 'flags', tcp],
} as const satisfies Record<string, readonly [string, string | null, number, FieldFormat, Prerequisite | null]>;

export type FieldName = RegisterName | keyof typeof TABLE;

/** Every field we speak, in the order in which OVS prints a match. */
export const FIELDS: ReadonlyMap<FieldName, FieldInfo> = new Map<FieldName, FieldInfo>([
  ...REGISTER_NAMES.map((name): [FieldName, FieldInfo] => [
    name,
    { name, matchName: name, nxmName: `NXM_NX_${name.toUpperCase()}`, bits: 32, format: 'hex', prerequisite: null },
  ]),
  ...(Object.keys(TABLE) as (keyof typeof TABLE)[]).map((name): [FieldName, FieldInfo] => {
    const [matchName, nxmName, bits, format, prerequisite] = TABLE[name];
    return [name, { name, matchName, nxmName, bits, format, prerequisite }];
  }),
]);

const BY_ANY_NAME = new Map<string, FieldName>();
for (const [name, info] of FIELDS) {
  for (const alias of [name, info.matchName, info.nxmName]) if (alias !== null) BY_ANY_NAME.set(alias, name);
}
for (const [alias, name] of [
  ['ip_proto', 'nw_proto'],
  ['icmpv6_type', 'icmp_type'],
  ['icmpv6_code', 'icmp_code'],
  ['OXM_OF_IN_PORT', 'in_port'],
] as const) {
  BY_ANY_NAME.set(alias, name);
}

/** Takes any of the names that OVS prints or reads; undefined for a field that we do not speak. */
export function fieldNamed(name: string): FieldName | undefined {
  return BY_ANY_NAME.get(name);
}

export function fieldInfo(name: FieldName): FieldInfo {
  const info = FIELDS.get(name);
  if (info === undefined) throw new Error(`no field is called ${name}`);
  return info;
}

/** The mask that covers the whole field. */
export function fullMask(name: FieldName): bigint {
  return (1n << BigInt(fieldInfo(name).bits)) - 1n;
}

/** Bits `from`..`to` of a field, both included, counted from the lowest: OVS's `NXM_NX_REG0[0..15]`. */
export interface Subfield {
  readonly field: FieldName;
  readonly from: number;
  readonly to: number;
}

export function bits(field: FieldName, from: number, to: number): Subfield {
  const width = fieldInfo(field).bits;
  if (from < 0 || to < from || to >= width)
    throw new RangeError(`${field}[${from}..${to}] is not within ${width} bits`);
  return { field, from, to };
}

export function wholeField(field: FieldName): Subfield {
  return { field, from: 0, to: fieldInfo(field).bits - 1 };
}

export function isWhole(subfield: Subfield): boolean {
  return subfield.from === 0 && subfield.to === fieldInfo(subfield.field).bits - 1;
}

export function widthOf(subfield: Subfield): number {
  return subfield.to - subfield.from + 1;
}

/** The subfield's bits as a mask over its field. */
export function maskOf(subfield: Subfield): bigint {
  return ((1n << BigInt(widthOf(subfield))) - 1n) << BigInt(subfield.from);
}

/** As in `move` and learn(): `NXM_OF_ETH_DST[]`, `NXM_NX_REG1[0..15]`, `NXM_NX_REG0[3]`. */
export function renderSubfield(subfield: Subfield): string {
  const { nxmName } = fieldInfo(subfield.field);
  if (nxmName === null) throw new Error(`${subfield.field} can be matched, but not loaded, moved or learned`);
  if (isWhole(subfield)) return `${nxmName}[]`;
  return `${nxmName}[${subfield.from === subfield.to ? subfield.from : `${subfield.from}..${subfield.to}`}]`;
}

/** The inverse of {@link renderSubfield}; undefined where the text is no subfield of a field that we speak. */
export function parseSubfield(text: string): Subfield | undefined {
  const found = /^(\w+)\[(?:(\d+)(?:\.\.(\d+))?)?\]$/.exec(text);
  const field = found?.[1] === undefined ? undefined : fieldNamed(found[1]);
  if (found === null || field === undefined) return undefined;
  if (found[2] === undefined) return wholeField(field);
  const from = Number(found[2]);
  return bits(field, from, found[3] === undefined ? from : Number(found[3]));
}
