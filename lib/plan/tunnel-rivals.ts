import { formatIp, parseIp } from '../model/address.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import type { DesiredBridge, DesiredHost, DesiredTunnel } from './desired.js';
import type { ObservedBridge, ObservedHost, ObservedPort } from './observed.js';
import { OWNER_KEY, ownedBy } from './ownership.js';

/** RFC 7348 §5, and what Open vSwitch takes where nothing is said. */
const VXLAN_PORT = 4789;
/** Open vSwitch's own device for that port, in the kernel's datapath. */
const OWN_DEVICE = `vxlan_sys_${VXLAN_PORT}`;

/**
 * A tunnel of another bridge that would share ours' frames. Of all ports Open vSwitch gives a frame to the one that
 * says most about it: first whether it names the VNI, then the far end, then the near one (ofproto/tunnel.c, tnl_find);
 * two that say the same cannot be ("File exists"). So one that names VNI and far end as ours does takes ours' frames or
 * loses its own, whoever says more of the near end. One that leaves the VNI to its flows only gets what is nobody
 * else's.
 *
 * @throws VxmigError CLASH
 */
export function refuseTunnelRivals(topology: string, desired: DesiredHost, observed: ObservedHost): void {
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
  { vtepAddress }: DesiredHost,
  { vni, far }: DesiredTunnel,
  { interface: { type, options } }: ObservedPort,
): boolean {
  const key = options.in_key ?? options.key;
  if (type !== 'vxlan' || key === undefined || Number(key) !== vni) return false;
  if (Number(options.dst_port ?? VXLAN_PORT) !== VXLAN_PORT) return false;
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
  const message =
    `the port ${name} in the bridge ${holder.name} on ${host}${whose} is a VXLAN tunnel with VNI ${ours.vni} ` +
    `to ${towards}, as network ${ours.network} needs one: ` +
    'Open vSwitch gives each frame to one of the two';
  const removal = `\`${shellLine(['ovs-vsctl', 'del-port', holder.name, name])}\` on ${host}`;
  const hint =
    owner === undefined
      ? `If nobody needs it, ${removal} removes it; else give network ${ours.network} another \`vni:\`.`
      : `Give network ${ours.network} another \`vni:\`: topology ${owner} uses this one between the same hosts.`;
  return new VxmigError('CLASH', message, { where: `${host} ${holder.name} ${name}`, hint });
}

/**
 * The kernel's datapath makes a device for the port, which it does not share with one that is bound to a VNI
 * (drivers/net/vxlan).
 */
function refuseKernelDevices({ host, bridges }: DesiredHost, { links }: ObservedHost): void {
  if (!bridges.some(({ ports }) => ports.some(({ kind }) => kind === 'tunnel'))) return;
  const rival = links.find(({ name, vxlan }) => name !== OWN_DEVICE && vxlan?.port === VXLAN_PORT);
  if (rival === undefined) return;
  const message =
    `the VXLAN device ${rival.name} on ${host} has UDP port ` + `${VXLAN_PORT}, which Open vSwitch needs for its own`;
  const removal = `\`${shellLine(['ip', 'link', 'delete', rival.name])}\` on ${host}`;
  throw new VxmigError('CLASH', message, {
    where: `${host} ${rival.name}`,
    hint: `If nobody needs it, ${removal} removes it; else make it anew with another \`dstport\`.`,
  });
}
