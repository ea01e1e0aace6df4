import {
  contains,
  firstOf,
  formatIp,
  type Ip,
  lastOf,
  overlap,
  type Prefix,
  parseIp,
  plus,
  sameIp,
  sizeOf,
} from '../../model/address.js';
import { aboutKey, aboutValue, type Complaint } from '../complaint.js';
import type { Draft, DraftHost, DraftSegment } from '../draft.js';
import { suggestion } from '../suggest.js';
import { checkOnePerFamily, checkPrefixes, familyName, isPublic, prefixOfFamily } from './prefixes.js';

/** Segments and the hosts' places in them. */
export function* checkUnderlay(draft: Draft): Generator<Complaint> {
  for (const segment of draft.segments) yield* checkSegment(draft, segment);
  yield* checkSegmentsApart(draft);
  for (const host of draft.hosts) yield* checkHost(draft, host);
  yield* checkHostAddressesUnique(draft);
  yield* checkSshPlacesUnique(draft);
  yield* checkOneTunnelFamily(draft);
}

function* checkSegment(draft: Draft, segment: DraftSegment): Generator<Complaint> {
  yield* checkPrefixes(segment);
  for (const { path, text, value } of segment.prefixes) {
    if (sizeOf(value) < 4n) {
      yield aboutValue(path, `${text} has no room for a router and a host`, 'use /30 (IPv6: /126) or larger');
    }
    if (draft.isLab && isPublic(value)) {
      const fix = 'take 198.18.0.0/15 (benchmarking, RFC 2544), a private or a documentation range';
      yield aboutValue(path, `${text} is a public range: a lab must not take addresses that others own`, fix);
    }
    if (value.ip.family === 6 && segment.mtu !== undefined && segment.mtu < 1280) {
      yield aboutValue(
        [...segment.path, 'mtu'],
        `IPv6 does not work with an MTU of ${segment.mtu}`,
        'use 1280 or more (RFC 8200 §5)',
      );
    }
  }
}

function* checkSegmentsApart(draft: Draft): Generator<Complaint> {
  const all = draft.segments.flatMap((segment) => segment.prefixes.map((prefix) => ({ segment, prefix })));
  for (const [index, { segment, prefix }] of all.entries()) {
    const earlier = all
      .slice(0, index)
      .find((other) => other.segment !== segment && overlap(other.prefix.value, prefix.value));
    if (earlier !== undefined) {
      const message = `${prefix.text} overlaps ${earlier.prefix.text} of segment ${earlier.segment.name}`;
      yield aboutValue(prefix.path, message, 'segments are routed, so their prefixes must be apart');
    }
  }
}

function* checkHost(draft: Draft, host: DraftHost): Generator<Complaint> {
  yield* checkOnePerFamily(host.addresses, (ip) => ip.family);
  if (host.underlay === undefined) return;
  const segment = draft.segments.find((candidate) => candidate.name === host.underlay);
  if (segment === undefined) {
    const names = draft.segments.map((candidate) => candidate.name);
    yield aboutValue(
      [...host.path, 'underlay'],
      `there is no segment ${host.underlay}`,
      suggestion(host.underlay, names),
    );
    return;
  }
  for (const address of host.addresses) {
    const prefix = prefixOfFamily(segment, address.value.family);
    if (prefix === undefined) {
      if (!segment.complete) continue;
      const message = `segment ${segment.name} has no ${familyName(address.value.family)} prefix for ${address.text}`;
      yield aboutValue(address.path, message, 'add one to the segment’s `cidr`, or leave this address out');
      continue;
    }
    const reason = whyUnusable(address.value, prefix);
    if (reason !== null)
      yield aboutValue(address.path, `${address.text} ${reason} segment ${segment.name}`, rangeOf(prefix));
  }
}

function whyUnusable(ip: Ip, prefix: Prefix): string | null {
  if (!contains(prefix, ip)) return 'is outside';
  if (sizeOf(prefix) < 4n) return null;
  if (sameIp(ip, firstOf(prefix)))
    return ip.family === 4 ? 'is the network address of' : 'is the subnet-router anycast address of';
  if (sameIp(ip, plus(firstOf(prefix), 1n))) return 'is the router’s address in';
  if (ip.family === 4 && sameIp(ip, lastOf(prefix))) return 'is the broadcast address of';
  return null;
}

function rangeOf(prefix: Prefix): string {
  const highest = prefix.ip.family === 4 ? plus(lastOf(prefix), -1n) : lastOf(prefix);
  return `take one from ${formatIp(plus(firstOf(prefix), 2n))} to ${formatIp(highest)}`;
}

function* checkHostAddressesUnique(draft: Draft): Generator<Complaint> {
  const owners = new Map<string, string>();
  for (const host of draft.hosts) {
    for (const address of host.addresses) {
      const owner = owners.get(formatIp(address.value));
      if (owner === undefined) owners.set(formatIp(address.value), host.name);
      else
        yield aboutValue(address.path, `${address.text} is host ${owner}’s address already`, 'give each host its own');
    }
  }
}

/**
 * Two hosts with one SSH server are one machine, which would wait for itself. By their names in `~/.ssh/config` it
 * shows when they are reached.
 */
function* checkSshPlacesUnique(draft: Draft): Generator<Complaint> {
  if (draft.isLab) return;
  const owners = new Map<string, string>();
  for (const { name, path, addresses, ssh } of draft.hosts) {
    const address = ssh.address ?? addresses[0]?.text;
    if (address === undefined) continue;
    const ip = parseIp(address);
    const place = `${ip === null ? address.toLowerCase().replace(/\.$/, '') : formatIp(ip)} port ${ssh.port ?? 22}`;
    const owner = owners.get(place);
    if (owner === undefined) owners.set(place, name);
    else {
      const at = ssh.address === undefined ? [...path, 'address'] : [...path, 'ssh', 'address'];
      const message = `host ${name} has the SSH server of host ${owner} (${place}): that would be one machine twice`;
      yield aboutValue(at, message, 'give each host the address of its own machine, or take one of them out');
    }
  }
}

/** Tunnels run between the first addresses, and from IPv4 to IPv6 there is no tunnel. */
function* checkOneTunnelFamily(draft: Draft): Generator<Complaint> {
  const [first, ...others] = draft.hosts.flatMap((host) => host.addresses.slice(0, 1));
  const odd = others.find((address) => first !== undefined && address.value.family !== first.value.family);
  if (first === undefined || odd === undefined) return;
  const message =
    `${odd.text} is ${familyName(odd.value.family)}, but tunnels run over ${familyName(first.value.family)} ` +
    `(${first.text})`;
  yield aboutValue(odd.path, message, 'tunnels use each host’s first address: put the same family first everywhere');
}

/** A host and a VM of one name could not be told apart in probes and messages. */
export function* checkHostAndVmNames(draft: Draft): Generator<Complaint> {
  const hosts = new Set(draft.hosts.map((host) => host.name));
  for (const vm of draft.vms) {
    if (hosts.has(vm.name)) yield aboutKey(vm.path, `${vm.name} is a host’s name already`, 'rename one of the two');
  }
}
