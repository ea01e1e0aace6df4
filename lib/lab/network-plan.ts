import {
  bitsOf,
  contains,
  firstOf,
  formatIp,
  formatPrefix,
  type Ip,
  parseIp,
  parsePrefix,
  plus,
} from '../model/address.js';
import type { Host, Topology, UnderlaySegment } from '../model/topology.js';
import { hostPort, labMac, segmentBridge, segmentGateway, segmentUplink } from './lab-names.js';
import type { LabHostState, ManagementSegment } from './lab-state.js';
import type { LinkOperation } from './link-operations.js';
import { type StorageServer, storageServers } from './storage-servers.js';

const MANAGEMENT_MTU = 1500;

/** The management bridge, with the controller's address, in the machine's own namespace. */
export function planManagementBridge(management: ManagementSegment): LinkOperation[] {
  return [
    { kind: 'bridge', name: management.bridge, mtu: MANAGEMENT_MTU },
    { kind: 'address', name: management.bridge, address: `${management.controllerAddress}/${management.prefixLength}` },
    { kind: 'up', name: management.bridge },
  ];
}

/** The host's port of the management bridge; its other end is the host's mgmt0. */
export function planManagementPort(
  lab: string,
  management: ManagementSegment,
  host: LabHostState,
  pid: number,
): LinkOperation[] {
  const name = host.managementPort;
  return [
    // A port that is left of an earlier life of the host leads nowhere.
    { kind: 'remove', name },
    {
      kind: 'veth',
      name,
      mtu: MANAGEMENT_MTU,
      peer: { name: 'mgmt0', namespacePid: pid, mac: labMac(lab, host.name, 'mgmt0') },
    },
    { kind: 'master', name, master: management.bridge },
    { kind: 'up', name },
  ];
}

/**
 * The router: each segment is a switch, joined to the router by one link. Shaping acts on both ends of that link, so
 * that it is met by what leaves or enters the segment, and not by neighbours on it.
 */
export function planRouter(segments: readonly UnderlaySegment[]): LinkOperation[] {
  const up = (name: string): LinkOperation => ({ kind: 'up', name });
  return [up('lo'), ...segments.flatMap((segment) => planSegment(segment, up))];
}

function planSegment(segment: UnderlaySegment, up: (name: string) => LinkOperation): LinkOperation[] {
  const bridge = segmentBridge(segment.name);
  const uplink = segmentUplink(segment.name);
  const gateway = segmentGateway(segment.name);
  return [
    { kind: 'bridge', name: bridge, mtu: segment.mtu },
    { kind: 'veth', name: uplink, mtu: segment.mtu, peer: { name: gateway, namespacePid: null } },
    { kind: 'master', name: uplink, master: bridge },
    ...gatewayAddresses(segment).map(
      (address): LinkOperation => ({ kind: 'address', name: gateway, address: formatPrefix(address) }),
    ),
    up(bridge),
    up(uplink),
    up(gateway),
  ];
}

/** The host's port of its segment's switch, inside the router; its other end is the host's eth0. */
export function planHostPort(lab: string, host: Host, segment: UnderlaySegment, pid: number): LinkOperation[] {
  const name = hostPort(host.name);
  return [
    { kind: 'remove', name },
    {
      kind: 'veth',
      name,
      mtu: segment.mtu,
      peer: { name: 'eth0', namespacePid: pid, mac: labMac(lab, host.name, 'eth0') },
    },
    { kind: 'master', name, master: segmentBridge(segment.name) },
    { kind: 'up', name },
  ];
}

/**
 * Inside the host. Where there is one segment only, and no storage server, nothing is to be routed, and the host gets
 * no default route.
 */
export function planHostLinks(
  topology: Topology,
  host: Host,
  state: LabHostState,
  prefixLength: number,
): LinkOperation[] {
  const segment = segmentOf(topology, host);
  const addresses = host.addresses.map((address) => withLength(address, segment));
  const isAlone = topology.underlay.length < 2 && storageServers(topology).length === 0;
  const routes = isAlone ? [] : gatewaysFor(host, segment);
  return [
    { kind: 'up', name: 'lo' },
    { kind: 'address', name: 'mgmt0', address: `${state.managementAddress}/${prefixLength}` },
    { kind: 'up', name: 'mgmt0' },
    ...addresses.map((address): LinkOperation => ({ kind: 'address', name: 'eth0', address })),
    { kind: 'up', name: 'eth0' },
    ...routes.map((gateway): LinkOperation => ({ kind: 'default-route', gateway: formatIp(gateway) })),
  ];
}

export function segmentOf(topology: Topology, host: Host): UnderlaySegment {
  const segment = topology.underlay.find((candidate) => candidate.name === host.underlay);
  if (segment === undefined) throw new Error(`host ${host.name} names the unknown underlay segment ${host.underlay}`);
  return segment;
}

/** The segment that an address belongs to; null: none. */
export function segmentOfAddress({ underlay }: Topology, address: string): UnderlaySegment | null {
  const ip = parseIp(address);
  const holds = (cidr: string) => {
    const prefix = parsePrefix(cidr);
    return ip !== null && prefix !== null && contains(prefix, ip);
  };
  return underlay.find(({ cidrs }) => cidrs.some(holds)) ?? null;
}

/**
 * A storage server's link, inside the router: a port of its segment's switch; or, where its address is in none, a
 * segment of its own with no third address in it (RFC 3021, RFC 6164).
 */
export function planStoragePort(
  lab: string,
  topology: Topology,
  server: StorageServer,
  pid: number,
): { readonly device: string; readonly operations: LinkOperation[] } {
  const segment = segmentOfAddress(topology, server.address);
  const device = hostPort(server.name);
  const peer = { name: 'eth0', namespacePid: pid, mac: labMac(lab, server.name, 'eth0') };
  const end: LinkOperation =
    segment === null
      ? { kind: 'address', name: device, address: withPairLength(besides(server.address)) }
      : { kind: 'master', name: device, master: segmentBridge(segment.name) };
  const mtu = segment?.mtu ?? MANAGEMENT_MTU;
  const operations: LinkOperation[] = [
    { kind: 'remove', name: device },
    { kind: 'veth', name: device, mtu, peer },
    end,
    { kind: 'up', name: device },
  ];
  return { device, operations };
}

/** Inside the storage server. */
export function planStorageLinks(topology: Topology, { address }: StorageServer): LinkOperation[] {
  const segment = segmentOfAddress(topology, address);
  const own = segment === null ? withPairLength(formatIp(toIp(address))) : withLength(address, segment);
  const { family } = toIp(address);
  const gateways = segment === null ? [besides(address)] : gatewayAddresses(segment).map(({ ip }) => formatIp(ip));
  const routes = gateways.filter((gateway) => toIp(gateway).family === family);
  return [
    { kind: 'up', name: 'lo' },
    { kind: 'address', name: 'eth0', address: own },
    { kind: 'up', name: 'eth0' },
    ...routes.map((gateway): LinkOperation => ({ kind: 'default-route', gateway })),
  ];
}

/** The other address of a link with two: the router's end. */
function besides(address: string): string {
  const ip = toIp(address);
  return formatIp({ ...ip, value: ip.value ^ 1n });
}

function withPairLength(address: string): string {
  return `${address}/${bitsOf(toIp(address).family) - 1}`;
}

function toIp(address: string): Ip {
  const ip = parseIp(address);
  if (ip === null) throw new Error(`not an address: ${address}`);
  return ip;
}

/** The first address of each of the segment's prefixes, with prefix length. */
function gatewayAddresses(segment: UnderlaySegment): { readonly ip: Ip; readonly length: number }[] {
  return segment.cidrs.flatMap((cidr) => {
    const prefix = parsePrefix(cidr);
    return prefix === null ? [] : [{ ip: plus(firstOf(prefix), 1n), length: prefix.length }];
  });
}

function gatewaysFor(host: Host, segment: UnderlaySegment): Ip[] {
  const families = new Set(host.addresses.map((address) => parseIp(address)?.family));
  return gatewayAddresses(segment)
    .map((address) => address.ip)
    .filter((ip) => families.has(ip.family));
}

function withLength(address: string, segment: UnderlaySegment): string {
  const ip = parseIp(address);
  if (ip === null) throw new Error(`not an address: ${address}`);
  const prefix = segment.cidrs.map(parsePrefix).find((candidate) => candidate !== null && contains(candidate, ip));
  return `${address}/${prefix?.length ?? bitsOf(ip.family)}`;
}
