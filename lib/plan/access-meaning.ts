import {
  bitsOf,
  contains,
  type Family,
  firstOf,
  formatIp,
  type Ip,
  lastOf,
  parseIp,
  parsePrefix,
  plus,
  withoutLength,
} from '../model/address.js';
import type { AccessRule, Network, Topology } from '../model/topology.js';
import type { AccessLists, AccessRule as FrameRule } from '../pipeline/facts.js';
import { accessLists, numberedRules, ruleText } from './access.js';
import { type AccessFrame, decidingRule, kindText, listsBetween, type Machine, machinesOf } from './access-frame.js';

/*
 * What access rules mean, said without flows and without the words that they are written in. Frames are tried instead
 * of all that there are: of each protocol, to ports and from addresses at both sides of every border that a rule draws.
 */

/** A kind of traffic; of TCP the segment that opens a connection. */
export type Traffic = Pick<AccessFrame, 'protocol' | 'port'>;

/** Nobody has anything to say about it, as a rule. */
const SOME_PORT = 9;

/** Every kind of traffic that the rules of the topologies could tell apart. */
export function kindsOfTraffic(topologies: readonly Topology[]): Traffic[] {
  const ranges = topologies.flatMap(rulesOf).flatMap(({ ports }) => (ports === null ? [] : [ports]));
  const borders = [SOME_PORT, ...ranges.flatMap(({ first, last }) => [first, last, first - 1, last + 1])];
  const ports = unlike(
    borders.filter((port) => port > 0 && port <= 65_535),
    (port) => ranges.map(({ first, last }) => Number(first <= port && port <= last)).join(''),
  );
  return [
    { protocol: 'icmp', port: null },
    { protocol: 'other', port: null },
    ...(['tcp', 'udp'] as const).flatMap((protocol) => ports.map((port) => ({ protocol, port }))),
  ];
}

/**
 * Frames from a VM, or a host's port, to another in the network, in each family in which both have an address; none
 * where they do not meet.
 */
export function framesBetween(
  topology: Topology,
  network: Pick<Network, 'name'>,
  { from, to, traffic }: { readonly from: string; readonly to: string; readonly traffic: readonly Traffic[] },
): AccessFrame[] {
  const senders = machinesOf(topology, network, from);
  const receivers = machinesOf(topology, network, to);
  return senders.flatMap((sender) => receivers.flatMap((receiver) => framesOf(sender, receiver, traffic)));
}

export function framesOf(from: Machine, to: Machine, traffic: readonly Traffic[]): AccessFrame[] {
  return ([4, 6] as const).flatMap((family) => {
    const [src, dst] = [addressOf(from, family), addressOf(to, family)];
    if (src === undefined || dst === undefined) return [];
    return traffic.map((kind) => ({ ethSrc: from.mac, ethDst: to.mac, family, src, dst, ...kind }));
  });
}

/** Those of the frames between the two that the topology's rules let through. */
export function letThrough(
  topology: Topology,
  network: Network,
  question: { readonly from: string; readonly to: string; readonly traffic: readonly Traffic[] },
): AccessFrame[] {
  const lists = accessLists(topology, network);
  const near = new Map<string, AccessLists>();
  return framesBetween(topology, network, question).filter((frame) => {
    const ends = `${frame.ethSrc} ${frame.ethDst} ${frame.family}`;
    const about = near.get(ends) ?? listsBetween(lists, frame);
    near.set(ends, about);
    return decidingRule(about, frame)?.action !== 'deny';
  });
}

export interface Denial {
  readonly frame: AccessFrame;
  /** `rule 1 of VM db: deny icmp from any to db` */
  readonly rule: string;
}

/** Those of the frames between the two that the topology's rules deny, and by which rule. */
export function deniedFrames(
  topology: Topology,
  network: Network,
  question: { readonly from: string; readonly to: string; readonly traffic: readonly Traffic[] },
): Denial[] {
  const lists = accessLists(topology, network);
  const written = new Map(numberedRules(topology).map((entry) => [entry.id, ruleText(entry)]));
  return framesBetween(topology, network, question).flatMap((frame) => {
    const rule = decidingRule(lists, frame);
    return rule?.action === 'deny' ? [{ frame, rule: written.get(rule.id) ?? '' }] : [];
  });
}

/** Pairs of VMs of the network of which the rules let nothing through from the one to the other. */
export function keptApart(topology: Topology, network: Network): { readonly from: string; readonly to: string }[] {
  if (rulesOf(topology).every(({ action }) => action === 'allow')) return [];
  const traffic = kindsOfTraffic([topology]);
  const there = topology.vms.filter(({ nics }) => nics.some((nic) => nic.network === network.name));
  return there.flatMap(({ name: from }) =>
    there.flatMap(({ name: to }) => {
      if (from === to || framesBetween(topology, network, { from, to, traffic }).length === 0) return [];
      return letThrough(topology, network, { from, to, traffic }).length === 0 ? [{ from, to }] : [];
    }),
  );
}

export interface AccessDifference {
  /** `tcp port 80 from web to db` */
  readonly frame: string;
  /** In the first of the two topologies. */
  readonly passes: boolean;
}

/** Looks of a rule at a frame. Beyond so many no two topologies are compared: it would take seconds. */
const MOST_LOOKS = 200_000;

/**
 * Frames that one topology's rules let through and the other's do not: all of a network, or those that a VM sends or is
 * sent. Whoever is in both is known by name and may have other addresses in each; besides them strangers with addresses
 * at the borders of every range that a rule names, but for addresses that somebody has: port security lets nobody else
 * use them.
 * @returns null where there are too many to be compared
 */
export function accessDifferences(
  [right, given]: readonly [Topology, Topology],
  of: { readonly kind: 'network' | 'vm'; readonly name: string },
): readonly AccessDifference[] | null {
  const traffic = kindsOfTraffic([right, given]);
  const found: AccessDifference[] = [];
  let cost = 0;
  for (const network of right.networks.filter((one) => isConcerned(right, one, of))) {
    const twin = given.networks.find(({ name }) => name === network.name);
    if (twin === undefined) continue;
    const lists = [accessLists(right, network), accessLists(given, twin)] as const;
    const rules = lists.flatMap(rulesIn).length;
    for (const [from, to] of meetings(parties([right, given], network), of)) {
      const others = framesOf(from.given, to.given, traffic);
      for (const family of [4, 6] as const) {
        const [frames, twins] = [framesOf(from.right, to.right, traffic), others].map((all) =>
          all.filter((frame) => frame.family === family),
        );
        const [frame, other] = [frames?.[0], twins?.[0]];
        if (frame === undefined || other === undefined) continue;
        const near = [listsBetween(lists[0], frame), listsBetween(lists[1], other)] as const;
        cost += rules + traffic.length * (1 + near.flatMap(rulesIn).length);
        if (cost > MOST_LOOKS) return null;
        for (const [place, kind] of traffic.entries()) {
          const [one, two] = [frames?.[place], twins?.[place]];
          if (one === undefined || two === undefined) continue;
          const passes = decidingRule(near[0], one)?.action !== 'deny';
          if ((decidingRule(near[1], two)?.action !== 'deny') !== passes)
            found.push({ frame: `${kindText(kind)} from ${from.label} to ${to.label}`, passes });
        }
      }
    }
  }
  return found;
}

function isConcerned(
  { vms }: Topology,
  network: Network,
  { kind, name }: { readonly kind: string; readonly name: string },
) {
  if (kind === 'network') return network.name === name;
  return vms.some((vm) => vm.name === name && vm.nics.some((nic) => nic.network === network.name));
}

/** The same one in both topologies. */
interface Party {
  readonly label: string;
  readonly right: Machine;
  readonly given: Machine;
}

function parties([right, given]: readonly [Topology, Topology], network: Network): Party[] {
  const named = [...right.vms, ...right.hosts].flatMap(({ name }) => {
    const others = machinesOf(given, network, name);
    return machinesOf(right, network, name).flatMap((machine, place): Party[] => {
      const other = others[place];
      return other === undefined ? [] : [{ label: name, right: machine, given: other }];
    });
  });
  const owned = new Set([right, given].flatMap(({ vms }) => vms.flatMap(({ nics }) => nics.flatMap(addressTexts))));
  for (const party of named)
    for (const one of [party.right, party.given]) for (const text of one.addresses) owned.add(text);
  const strangers = borderAddresses([right, given], network).flatMap((ip): Party[] => {
    const text = formatIp(ip);
    const machine = { mac: STRANGER, addresses: [text] };
    return owned.has(text) ? [] : [{ label: text, right: machine, given: machine }];
  });
  return [...named, ...strangers];
}

/** Nobody's. */
const STRANGER = '02:00:00:00:00:01';

function addressTexts({ addresses }: { readonly addresses: readonly string[] }): string[] {
  return addresses.map(withoutLength);
}

function* meetings(
  all: readonly Party[],
  { kind, name }: { readonly kind: string; readonly name: string },
): Generator<readonly [Party, Party]> {
  for (const from of all)
    for (const to of all)
      if (from !== to && (kind === 'network' || from.label === name || to.label === name)) yield [from, to];
}

/**
 * An address or two for each set of ranges that rules could tell it by: both ends of each range, and what is beside
 * them. Those that belong into another network are left out: nobody has one here.
 */
function borderAddresses(topologies: readonly Topology[], { cidrs }: Network): Ip[] {
  const written = topologies.flatMap(rulesOf).flatMap(({ from, to }) => [from, to]);
  const prefixes = [...new Set(written.flatMap((end) => (end.kind === 'prefix' ? [end.prefix] : [])))].flatMap(
    (text) => parsePrefix(text) ?? [],
  );
  const own = cidrs.flatMap((cidr) => parsePrefix(cidr) ?? []);
  const foreign = topologies.flatMap(({ networks }) =>
    networks.flatMap((one) => one.cidrs.flatMap((cidr) => parsePrefix(cidr) ?? [])),
  );
  const isPossible = (ip: Ip) =>
    own.some((prefix) => contains(prefix, ip)) ||
    (own.some((prefix) => prefix.ip.family === ip.family) && !foreign.some((prefix) => contains(prefix, ip)));
  const borders = prefixes.flatMap((prefix) => [
    firstOf(prefix),
    lastOf(prefix),
    plus(firstOf(prefix), -1n),
    plus(lastOf(prefix), 1n),
  ]);
  const valid = [...OUTSIDE, ...borders].filter(
    (ip) => ip.value >= 0n && ip.value < 1n << BigInt(bitsOf(ip.family)) && isPossible(ip),
  );
  return unlike(valid, (ip) => `${ip.family} ${prefixes.map((prefix) => Number(contains(prefix, ip))).join('')}`, 2);
}

/** For documentation (RFC 5737, RFC 3849). */
const OUTSIDE = ['192.0.2.1', '2001:db8::1'].flatMap((text) => parseIp(text) ?? []);

function rulesOf({ networks, vms }: Topology): AccessRule[] {
  return [...networks, ...vms].flatMap(({ acl }) => acl);
}

function rulesIn({ network, sender, receiver }: AccessLists): FrameRule[] {
  return [network, ...sender, ...receiver].flat();
}

function addressOf({ addresses }: Machine, family: Family): string | undefined {
  return addresses.find((text) => parseIp(text)?.family === family);
}

/** Of each kind `most` items, the first ones. */
function unlike<Item>(items: readonly Item[], kindOf: (item: Item) => string, most = 1): Item[] {
  const seen = new Map<string, number>();
  return items.filter((item) => {
    const kind = kindOf(item);
    const count = seen.get(kind) ?? 0;
    seen.set(kind, count + 1);
    return count < most;
  });
}
