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

/** The rule that denies a frame, or the last one that allows it; null: none is about it. Said without flows: what verify holds against them. */
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

function isAbout(rule: AccessRule, frame: AccessFrame): boolean {
  return (
    rule.from.some((end) => isSource(end, frame)) &&
    rule.to.some((end) => isDestination(end, frame)) &&
    (rule.protocol === 'any' || rule.protocol === frame.protocol) &&
    (rule.ports === null || (frame.port !== null && rule.ports.first <= frame.port && frame.port <= rule.ports.last))
  );
}

function isSource(end: AccessEnd, frame: AccessFrame): boolean {
  if (end.kind === 'any') return true;
  return end.kind === 'mac' ? end.mac === frame.ethSrc : !end.grouped && holds(end.prefix, frame.src);
}

function isDestination(end: AccessEnd, frame: AccessFrame): boolean {
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

/** A frame that just this rule decides; null where none was found: earlier rules take what was tried. */
export function frameFor(
  topology: Topology,
  network: Network,
  lists: AccessLists,
  rule: AccessRule,
): AccessFrame | null {
  const protocols = rule.protocol === 'any' ? (['other', 'icmp', 'udp', 'tcp'] as const) : [rule.protocol];
  const ends = machines(topology, network);
  const machinesFor = (those: readonly AccessEnd[]) => [...those.flatMap(strangersIn), ...ends, ...STRANGERS];
  for (const from of machinesFor(rule.from)) {
    for (const to of machinesFor(rule.to)) {
      for (const [family, src, dst] of pairs({ from, to })) {
        for (const protocol of protocols) {
          const hasPorts = protocol === 'tcp' || protocol === 'udp';
          for (const port of hasPorts ? [rule.ports?.first ?? 9, rule.ports?.last ?? 50_000] : [null]) {
            const frame = { ethSrc: from.mac, ethDst: to.mac, family, src, dst, protocol, port };
            if (from.mac !== to.mac && decidingRule(lists, frame) === rule) return frame;
          }
        }
      }
    }
  }
  return null;
}

interface Machine {
  readonly mac: string;
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
  const bare = (addresses: readonly string[]) => addresses.map((address) => address.split('/')[0] ?? '');
  return [
    ...topology.vms
      .flatMap((vm) => vm.nics)
      .filter((nic) => nic.network === network.name)
      .map(({ mac, addresses }) => ({ mac, addresses: bare(addresses) })),
    ...topology.hosts.map(({ name }) => ({
      mac: probeMac(topology.name, network.name, name),
      addresses: bare(probeAddresses(topology, network.name, name)),
    })),
  ];
}

/** A machine is known by its MAC where it has no address of a family. */
function pairs({ from, to }: { readonly from: Machine; readonly to: Machine }): (readonly [4 | 6, string, string])[] {
  const of = (machine: Machine, family: 4 | 6, otherwise: string) =>
    machine.addresses.find((address) => parseIp(address)?.family === family) ?? otherwise;
  return [
    [4, of(from, 4, '192.0.2.3'), of(to, 4, '192.0.2.4')],
    [6, of(from, 6, '2001:db8::3'), of(to, 6, '2001:db8::4')],
  ];
}
