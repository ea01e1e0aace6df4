import {
  bitsOf,
  contains,
  firstOf,
  formatIp,
  type Ip,
  lastOf,
  parseIp,
  parsePrefix,
  plus,
  withoutLength,
} from '../model/address.js';
import type { Network, Topology } from '../model/topology.js';
import type { AccessLists, AccessRule } from '../pipeline/facts.js';
import { accessLists } from './access.js';
import { decidingRule, kindText, listsBetween, type Machine, machinesOf } from './access-frame.js';
import { framesOf, kindsOfTraffic, rulesOf, unlike } from './access-meaning.js';

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

function rulesIn({ network, sender, receiver }: AccessLists): AccessRule[] {
  return [network, ...sender, ...receiver].flat();
}
