import { type Family, parseIp } from '../model/address.js';
import type { AccessRule, Network, Topology } from '../model/topology.js';
import type { AccessLists } from '../pipeline/facts.js';
import { accessLists, numberedRules, ruleText } from './access.js';
import { type AccessFrame, decidingRule, listsBetween, type Machine, machinesOf } from './access-frame.js';

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

export function rulesOf({ networks, vms }: Topology): AccessRule[] {
  return [...networks, ...vms].flatMap(({ acl }) => acl);
}

function addressOf({ addresses }: Machine, family: Family): string | undefined {
  return addresses.find((text) => parseIp(text)?.family === family);
}

/** Of each kind `most` items, the first ones. */
export function unlike<Item>(items: readonly Item[], kindOf: (item: Item) => string, most = 1): Item[] {
  const seen = new Map<string, number>();
  return items.filter((item) => {
    const kind = kindOf(item);
    const count = seen.get(kind) ?? 0;
    seen.set(kind, count + 1);
    return count < most;
  });
}
