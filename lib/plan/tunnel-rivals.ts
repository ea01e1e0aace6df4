import { formatIp, parseIp } from '../model/address.js';
import { carrierText, type Encapsulation, encapsulationsOf } from '../model/encapsulation.js';
import { VxmigError } from '../model/errors.js';
import type { ObservedLink } from '../model/kernel-state.js';
import { shellLine } from '../model/quote.js';
import type { DesiredBridge, DesiredNetwork } from './desired.js';
import type { DesiredTunnel } from './desired-ports.js';
import type { ObservedBridge, ObservedNetwork, ObservedPort } from './observed.js';
import { OWNER_KEY, ownedBy } from './ownership.js';

/**
 * A tunnel of another bridge that would share ours' frames. Of all ports Open vSwitch gives a frame to the one that
 * says most about it: first whether it names the key, then the far end, then the near one (ofproto/tunnel.c, tnl_find);
 * two that say the same cannot be ("File exists"). So one that names key and far end as ours does takes ours' frames or
 * loses its own, whoever says more of the near end. One that leaves the key to its flows only gets what is nobody
 * else's.
 *
 * @throws VxmigError CLASH
 */
export function refuseTunnelRivals(topology: string, desired: DesiredNetwork, observed: ObservedNetwork): void {
  for (const bridge of desired.bridges) {
    for (const tunnel of bridge.ports) {
      if (tunnel.kind !== 'tunnel') continue;
      for (const holder of observed.bridges) {
        const rival = holder.ports.find(
          (port) => !ownedBy(topology, port.externalIds) && sharesFrames(desired, tunnel, port),
        );
        if (rival !== undefined) throw tunnelClash(desired.host, bridge, holder, rival);
      }
    }
  }
  if (desired.datapath === 'system') refuseKernelDevices(desired, observed);
}

function sharesFrames(
  { vtepAddress }: DesiredNetwork,
  { encapsulation: { ovsType, carrier }, vni, far }: DesiredTunnel,
  { interface: { type, options } }: ObservedPort,
): boolean {
  const key = options.in_key ?? options.key;
  if (type !== ovsType || key === undefined || Number(key) !== vni) return false;
  if (carrier.kind === 'udp' && Number(options.dst_port ?? carrier.port) !== carrier.port) return false;
  const { remote_ip: remote, local_ip: local } = options;
  if (remote === undefined) return false;
  if (local !== undefined && local !== 'flow' && !same(local, vtepAddress)) return false;
  if (remote === 'flow') return true;
  return far.kind === 'one' ? same(remote, far.peer.ip) : far.peers.some(({ ip }) => same(remote, ip));
}

function same(one: string, other: string): boolean {
  const ip = parseIp(one);
  const otherIp = parseIp(other);
  return ip !== null && otherIp !== null && formatIp(ip) === formatIp(otherIp);
}

function tunnelClash(
  host: string,
  ours: DesiredBridge,
  holder: ObservedBridge,
  { name, externalIds, interface: { options } }: ObservedPort,
): VxmigError {
  const owner = externalIds[OWNER_KEY];
  const whose = owner === undefined ? '' : ` of topology ${owner}`;
  const towards = options.remote_ip === 'flow' ? 'anybody' : options.remote_ip;
  const { title, key } = ours.encapsulation;
  const tunnel = `a ${title} tunnel with ${key.name} ${ours.vni} to ${towards}`;
  const message =
    `the port ${name} in the bridge ${holder.name} on ${host}${whose} is ${tunnel}, ` +
    `as network ${ours.network} needs one: Open vSwitch gives each frame to one of the two`;
  const removal = `\`${shellLine(['ovs-vsctl', 'del-port', holder.name, name])}\` on ${host}`;
  const hint =
    owner === undefined
      ? `If nobody needs it, ${removal} removes it; else give network ${ours.network} another \`vni:\`.`
      : `Give network ${ours.network} another \`vni:\`: topology ${owner} uses this one between the same hosts.`;
  return new VxmigError('CLASH', message, { where: `${host} ${holder.name} ${name}`, hint });
}

/** @throws VxmigError CLASH */
function refuseKernelDevices({ host, bridges }: DesiredNetwork, { links }: ObservedNetwork): void {
  const tunnels = bridges.flatMap(({ ports }) => ports.flatMap((port) => (port.kind === 'tunnel' ? [port] : [])));
  for (const encapsulation of encapsulationsOf(tunnels)) {
    const rival = links.find((link) => takesPackets(link, encapsulation));
    if (rival !== undefined) throw deviceClash(host, rival, encapsulation);
  }
}

/**
 * The kernel's datapath makes a device for the packets, by which it gets those of all tunnels. There is one such device
 * for an IP protocol (net/ipv4/ip_gre.c); for a UDP port there may be others, but it is not shared with one that is
 * bound to a key (drivers/net/vxlan).
 */
function takesPackets({ name, kind, udpPort, external }: ObservedLink, { carrier, kernel }: Encapsulation): boolean {
  if (name === kernel.name) return false;
  return carrier.kind === 'udp' ? udpPort === carrier.port : kind === kernel.linkKind && external === true;
}

function deviceClash(host: string, { name, kind }: ObservedLink, encapsulation: Encapsulation): VxmigError {
  const { carrier, kernel, title } = encapsulation;
  const what = `the ${kind === kernel.linkKind ? title : kind} device ${name} on ${host}`;
  const has = carrier.kind === 'udp' ? `has UDP port ${carrier.port}` : `takes all packets of ${carrierText(carrier)}`;
  const removal = `\`${shellLine(['ip', 'link', 'delete', name])}\` on ${host}`;
  const otherwise = carrier.kind === 'udp' ? 'with another `dstport`' : 'without `external`';
  return new VxmigError('CLASH', `${what} ${has}, which Open vSwitch needs for its own`, {
    where: `${host} ${name}`,
    hint: `If nobody needs it, ${removal} removes it; else make it anew ${otherwise}.`,
  });
}
