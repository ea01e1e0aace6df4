import { contains, firstOf, formatIp, parseIp, parsePrefix } from '../model/address.js';
import { probeAddresses, probeMac } from '../model/names.js';
import type { Network, Topology } from '../model/topology.js';
import type { AccessEnd, AccessLists, AccessRule } from '../pipeline/facts.js';

/** A packet as access rules see it: of TCP the segment that opens a connection. */
export interface AccessFrame {
  readonly ethSrc: string;
  readonly ethDst: string;
  readonly family: 4 | 6;
  readonly src: string;
  readonly dst: string;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'other';
  /** Null but for TCP and UDP. */
  readonly port: number | null;
}

/**
 * The rule that denies a frame, or the last one that allows it; null: none is about it. Said without flows: what verify
 * holds against them.
 */
export function decidingRule({ network, sender, receiver }: AccessLists, frame: AccessFrame): AccessRule | null {
  let last: AccessRule | null = null;
  for (const lists of [[network], sender, receiver]) {
    for (const list of lists) {
      const rule = list.find((candidate) => isAbout(candidate, frame));
      if (rule?.action === 'deny') return rule;
      last = rule ?? last;
    }
  }
  return last;
}

/** The rules that are about frames between these two ends, of whatever protocol. */
export function listsBetween({ network, sender, receiver }: AccessLists, frame: AccessFrame): AccessLists {
  const near = (list: readonly AccessRule[]) => list.filter((rule) => isBetween(rule, frame));
  return { network: near(network), sender: sender.map(near), receiver: receiver.map(near) };
}

function isBetween(rule: AccessRule, frame: AccessFrame): boolean {
  return rule.from.some((end) => isSource(end, frame)) && rule.to.some((end) => isDestination(end, frame));
}

function isAbout(rule: AccessRule, frame: AccessFrame): boolean {
  return (
    isBetween(rule, frame) &&
    (rule.protocol === 'any' || rule.protocol === frame.protocol) &&
    (rule.ports === null || (frame.port !== null && rule.ports.first <= frame.port && frame.port <= rule.ports.last))
  );
}

function isSource(end: AccessEnd, frame: Pick<AccessFrame, 'ethSrc' | 'src'>): boolean {
  if (end.kind === 'any') return true;
  return end.kind === 'mac' ? end.mac === frame.ethSrc : !end.grouped && holds(end.prefix, frame.src);
}

function isDestination(end: AccessEnd, frame: Pick<AccessFrame, 'ethDst' | 'dst'>): boolean {
  if (end.kind === 'any') return true;
  if (end.kind === 'mac') return end.mac === frame.ethDst;
  return (!end.grouped || isGroup(frame.ethDst)) && holds(end.prefix, frame.dst);
}

function isGroup(mac: string): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

function holds(prefix: string, address: string): boolean {
  const [range, ip] = [parsePrefix(prefix), parseIp(address)];
  return range !== null && ip !== null && contains(range, ip);
}

const PROTOCOL_NUMBER = { tcp: 6, udp: 17, other: 47 } as const;

/** The frame as ovs-appctl reads it, without the port that it comes in by: of TCP a SYN, of ICMP an echo request. */
export function frameFlow({ ethSrc, ethDst, family, src, dst, protocol, port }: AccessFrame): string {
  const [etherType, source, destination] =
    family === 4 ? ['0x0800', 'nw_src', 'nw_dst'] : ['0x86dd', 'ipv6_src', 'ipv6_dst'];
  const number = protocol === 'icmp' ? (family === 4 ? 1 : 58) : PROTOCOL_NUMBER[protocol];
  return [
    `dl_src=${ethSrc},dl_dst=${ethDst},dl_type=${etherType},${source}=${src},${destination}=${dst}`,
    `nw_proto=${number},nw_ttl=64`,
    ...(port === null ? [] : [`${protocol}_src=50000,${protocol}_dst=${port}`]),
    ...(protocol === 'tcp' ? ['tcp_flags=syn'] : []),
    // An echo request: neighbour discovery is ICMPv6 too.
    ...(protocol === 'icmp' ? [family === 4 ? 'icmp_type=8' : 'icmpv6_type=128'] : []),
  ].join(',');
}

/** `tcp port 80 from 10.9.0.1 to 10.9.0.2` */
export function frameText({ src, dst, protocol, port }: AccessFrame): string {
  return `${kindText({ protocol, port })} from ${src} to ${dst}`;
}

export function kindText({ protocol, port }: Pick<AccessFrame, 'protocol' | 'port'>): string {
  const name = protocol === 'other' ? `protocol ${PROTOCOL_NUMBER.other}` : protocol;
  return port === null ? name : `${name} port ${port}`;
}

/** Of machines that a rule is about, more are not tried: a rule that none of these shows is taken by earlier ones. */
const TRIED = 24;

/**
 * Frames that just this rule decides, one of each protocol and family that it decides any of; none where earlier rules
 * take what was tried.
 */
export function framesFor(topology: Topology, network: Network, lists: AccessLists, rule: AccessRule): AccessFrame[] {
  const protocols = rule.protocol === 'any' ? (['other', 'icmp', 'udp', 'tcp'] as const) : [rule.protocol];
  const ends = machines(topology, network);
  const those = (named: readonly AccessEnd[], isIt: (machine: Machine, address: string) => boolean) => [
    ...named.flatMap(strangersIn),
    ...ends.filter((machine) => addressesIn(machine).some((address) => isIt(machine, address))).slice(0, TRIED),
    ...STRANGERS,
  ];
  const senders = those(rule.from, ({ mac }, src) => rule.from.some((end) => isSource(end, { ethSrc: mac, src })));
  const receivers = those(rule.to, ({ mac }, dst) => rule.to.some((end) => isDestination(end, { ethDst: mac, dst })));
  const found = new Map<string, AccessFrame>();
  for (const from of senders) {
    for (const to of receivers) {
      for (const [family, src, dst] of from.mac === to.mac ? [] : pairs({ from, to })) {
        for (const protocol of protocols) {
          const key = `${protocol} ${family}`;
          if (found.has(key)) continue;
          const hasPorts = protocol === 'tcp' || protocol === 'udp';
          for (const port of hasPorts ? [rule.ports?.first ?? 9, rule.ports?.last ?? 50_000] : [null]) {
            const frame = { ethSrc: from.mac, ethDst: to.mac, family, src, dst, protocol, port };
            if (decidingRule(lists, frame) === rule && !found.has(key)) found.set(key, frame);
          }
        }
      }
      if (found.size === 2 * protocols.length) return [...found.values()];
    }
  }
  return [...found.values()];
}

/** Who sends or receives in a network. */
export interface Machine {
  readonly mac: string;
  /** Without prefix length. */
  readonly addresses: readonly string[];
}

/** Nobody's MACs, with addresses that are for documentation (RFC 5737, RFC 3849). */
const STRANGERS: readonly Machine[] = [
  { mac: '02:00:00:00:00:01', addresses: ['192.0.2.1', '2001:db8::1'] },
  { mac: '02:00:00:00:00:02', addresses: ['192.0.2.2', '2001:db8::2'] },
];

function strangersIn(end: AccessEnd): Machine[] {
  const range = end.kind === 'ip' ? parsePrefix(end.prefix) : null;
  return range === null ? [] : STRANGERS.map(({ mac }) => ({ mac, addresses: [formatIp(firstOf(range))] }));
}

function machines(topology: Topology, network: Network): Machine[] {
  return [
    ...topology.vms.flatMap(({ name }) => machinesOf(topology, network, name)),
    ...topology.hosts.flatMap(({ name }) => machinesOf(topology, network, name)),
  ];
}

/**
 * What a VM has in the network, one for each NIC; a host's probe port there; nothing where there is none of that name.
 */
export function machinesOf(topology: Topology, network: Pick<Network, 'name'>, name: string): Machine[] {
  const bare = (addresses: readonly string[]) => addresses.map((address) => address.split('/')[0] ?? '');
  const nics = topology.vms.find((vm) => vm.name === name)?.nics ?? [];
  if (topology.hosts.every((host) => host.name !== name))
    return nics
      .filter((nic) => nic.network === network.name)
      .map(({ mac, addresses }) => ({ mac, addresses: bare(addresses) }));
  const mac = probeMac(topology.name, network.name, name);
  return [{ mac, addresses: bare(probeAddresses(topology, network.name, name)) }];
}

/** Nobody's addresses, where a machine has none of the family: it is known by its MAC then. */
const WITHOUT = { from: ['192.0.2.3', '2001:db8::3'], to: ['192.0.2.4', '2001:db8::4'] } as const;

function addressesIn({ addresses }: Machine): readonly string[] {
  return [...addresses, WITHOUT.from[0]];
}

function pairs({ from, to }: { readonly from: Machine; readonly to: Machine }): (readonly [4 | 6, string, string])[] {
  const of = ({ addresses }: Machine, family: 4 | 6) => addresses.find((text) => parseIp(text)?.family === family);
  return [
    [4, of(from, 4) ?? WITHOUT.from[0], of(to, 4) ?? WITHOUT.to[0]],
    [6, of(from, 6) ?? WITHOUT.from[1], of(to, 6) ?? WITHOUT.to[1]],
  ];
}
