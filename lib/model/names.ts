import { createHash } from 'node:crypto';
import {
  contains,
  type Family,
  firstOf,
  formatPrefix,
  type Ip,
  lastOf,
  type Prefix,
  parsePrefix,
  plus,
  sizeOf,
} from './address.js';
import type { AccessRule, Topology } from './topology.js';

/** IFNAMSIZ (linux/if.h) is 16 with the closing zero. */
export const DEVICE_NAME_LENGTH = 15;

const HASH_LENGTH = 5;
const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** The overlay segment's bridge, of the same name on every host. */
export function bridgeName(topologyName: string, network: string): string {
  return deviceName('br', network, ['bridge', topologyName, network]);
}

/** @param nicIndex place of the NIC in the VM's list, from 0 */
export function tapName(topologyName: string, vm: string, nicIndex: number): string {
  return deviceName('tap', vm, ['tap', topologyName, vm, String(nicIndex)]);
}

/** The tunnel port of `network`'s bridge that leads to `remoteHost`. */
export function tunnelPortName(topologyName: string, network: string, remoteHost: string): string {
  return deviceName('vx', remoteHost, ['tunnel', topologyName, network, remoteHost]);
}

/** The one tunnel port of `network`'s bridge that leads to every other host. */
export function flowTunnelPortName(topologyName: string, network: string): string {
  return deviceName('vx', network, ['tunnel', topologyName, network]);
}

/** The internal port through which `host` itself takes part in `network`. */
export function probePortName(topologyName: string, network: string, host: string): string {
  return deviceName('pr', network, ['probe', topologyName, network, host]);
}

/** The MAC of a host's probe port: stable, unicast and locally administered (RFC 9542 §2.1: 02 in the first byte). */
export function probeMac(topologyName: string, network: string, host: string): string {
  const bytes = digest(['probe-mac', topologyName, network, host]).subarray(0, 5);
  return ['02', ...Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'))].join(':');
}

/**
 * The addresses, with prefix length and one per prefix of the network, that `hostName`'s probe port has in `network`.
 * They are taken from the end of the prefix downwards in the order of the hosts in the file, past those that VMs have,
 * and past ranges that access rules deny: whoever denies a range of addresses means others. Where nothing is left
 * outside of such ranges, they are not heeded. A prefix that has no address left gives none; the topology's checks of
 * meaning report that before anybody asks.
 */
export function probeAddresses(topology: AddressPlan, network: string, hostName: string): string[] {
  const hostIndex = topology.hosts.findIndex((host) => host.name === hostName);
  const cidrs = topology.networks.find((candidate) => candidate.name === network)?.cidrs ?? [];
  if (hostIndex < 0) return [];
  const taken = takenAddresses(topology, network);
  const rules = prefixRules(topology, network);
  return cidrs.flatMap((cidr) => {
    const prefix = parsePrefix(cidr);
    const ip = prefix === null ? null : freeAddressFromEnd(prefix, { skip: hostIndex, taken, rules });
    return prefix === null || ip === null ? [] : [formatPrefix({ ip, length: prefix.length })];
  });
}

/** What of a topology the probe addresses depend on. */
export interface AddressPlan {
  readonly hosts: readonly Pick<Topology['hosts'][number], 'name'>[];
  readonly networks: readonly (Pick<Topology['networks'][number], 'name' | 'cidrs'> & WithRules)[];
  readonly vms: readonly (WithRules & {
    readonly nics: readonly { readonly network: string; readonly addresses: readonly string[] }[];
  })[];
}

interface WithRules {
  /** None where they are not known yet, as while a file is checked. */
  readonly acl?: readonly AccessRule[];
}

/** The lowest and the highest address that a machine may have in `prefix`; null where there is none. */
export function usableRange(prefix: Prefix): { readonly lowest: Ip; readonly highest: Ip } | null {
  const size = sizeOf(prefix);
  if (size <= 2n)
    return prefix.ip.family === 4 && size === 2n ? { lowest: firstOf(prefix), highest: lastOf(prefix) } : null;
  return { lowest: plus(firstOf(prefix), 1n), highest: plus(lastOf(prefix), -reservedAtEnd(prefix.ip.family, size)) };
}

/**
 * IPv4: the broadcast address. IPv6: the 128 reserved anycast identifiers of RFC 2526, in prefixes that are not tiny.
 */
function reservedAtEnd(family: Family, size: bigint): bigint {
  if (family === 4) return 1n;
  return size > 256n ? 128n : 0n;
}

interface Choice {
  readonly skip: number;
  readonly taken: ReadonlySet<bigint>;
  readonly rules: readonly (readonly PrefixRule[])[];
}

/** From the end downwards; then, where that is not enough, from the end of what rules deny. */
function freeAddressFromEnd(prefix: Prefix, { skip, taken, rules }: Choice): Ip | null {
  const range = usableRange(prefix);
  if (range === null) return null;
  const { family } = prefix.ip;
  const { lowest, highest } = range;
  const avoided: { readonly from: bigint; readonly downTo: bigint }[] = [];
  let left = skip;
  for (let value = highest.value; value >= lowest.value; value -= 1n) {
    const denied = denialOf(rules, { family, value });
    if (denied !== null) {
      // On with what is below it: half of an IPv6 prefix is too much to be counted through.
      avoided.push({ from: value, downTo: firstOf(denied).value });
      value = firstOf(denied).value;
    } else if (!taken.has(value)) {
      if (left === 0) return { family, value };
      left -= 1;
    }
  }
  for (const { from, downTo } of avoided)
    for (let value = from; value >= downTo && value >= lowest.value; value -= 1n) {
      if (taken.has(value)) continue;
      if (left === 0) return { family, value };
      left -= 1;
    }
  return null;
}

interface PrefixRule {
  readonly prefix: Prefix;
  readonly action: AccessRule['action'];
}

/** What rules say of ranges of addresses, in the lists that frames in the network meet. */
function prefixRules({ networks, vms }: AddressPlan, network: string): readonly (readonly PrefixRule[])[] {
  const lists = [
    networks.find(({ name }) => name === network)?.acl ?? [],
    ...vms.flatMap(({ nics, acl }) => (nics.some((nic) => nic.network === network) ? [acl ?? []] : [])),
  ];
  const ranges = (rules: readonly AccessRule[]) =>
    rules.flatMap(({ from, to, action }) =>
      [from, to].flatMap((end) => {
        const prefix = end.kind === 'prefix' ? parsePrefix(end.prefix) : null;
        return prefix === null ? [] : [{ prefix, action }];
      }),
    );
  return lists.map(ranges).filter((list) => list.length > 0);
}

/** The range that a list denies the address by; null: none does. */
function denialOf(rules: Choice['rules'], ip: Ip): Prefix | null {
  for (const list of rules) {
    const first = list.find(({ prefix }) => contains(prefix, ip));
    if (first?.action === 'deny') return first.prefix;
  }
  return null;
}

function takenAddresses(topology: AddressPlan, network: string): ReadonlySet<bigint> {
  const byNetwork = TAKEN.get(topology) ?? new Map<string, ReadonlySet<bigint>>();
  TAKEN.set(topology, byNetwork);
  const known = byNetwork.get(network);
  if (known !== undefined) return known;
  const nics = topology.vms.flatMap((vm) => vm.nics).filter((nic) => nic.network === network);
  const prefixes = nics.flatMap((nic) => nic.addresses).map(parsePrefix);
  const taken = new Set(prefixes.flatMap((prefix) => (prefix === null ? [] : [prefix.ip.value])));
  byNetwork.set(network, taken);
  return taken;
}

/**
 * Topologies do not change once read; parsing every VM's addresses anew for every probe took 11 s for 2,000 of each.
 */
const TAKEN = new WeakMap<AddressPlan, Map<string, ReadonlySet<bigint>>>();

/** KIND-STEM-HASH: the stem is for people, the hash of the whole identity keeps two long names apart. */
function deviceName(kind: string, name: string, identity: readonly string[]): string {
  const stem = shorten(name.replaceAll('-', ''), DEVICE_NAME_LENGTH - kind.length - HASH_LENGTH - 2);
  const hash = Array.from(digest(identity).subarray(0, HASH_LENGTH), (byte) => BASE32.charAt(byte % 32)).join('');
  return `${kind}-${stem}-${hash}`;
}

/** Keeps the last two characters too: names of a kind mostly differ there (`site-1-host-12`). */
function shorten(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length - 2) + text.slice(-2);
}

function digest(identity: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(identity)).digest();
}
