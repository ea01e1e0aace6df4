import { isDeepStrictEqual } from 'node:util';
import type { Change } from '../model/change.js';
import { VxmigError } from '../model/errors.js';
import { shellLine } from '../model/quote.js';
import { PIPELINE_TABLE_NAMES } from '../pipeline/tables.js';
import { change } from './change.js';
import { differences } from './column-differences.js';
import type { DesiredBridge, DesiredNetwork, DesiredPort } from './desired.js';
import type { DesiredTunnel } from './desired-ports.js';
import type { BridgeColumns, OvsChange, PortColumns } from './host-plan.js';
import { hasLostDevice } from './link-plan.js';
import type { ObservedBridge, ObservedNetwork, ObservedPort } from './observed.js';
import { KIND_KEY, OWNER_KEY, ownedBy, REMOTE_HOST_KEY } from './ownership.js';
import { BY_FLOWS_ALONE, switchingFaults } from './switching.js';

/** `remote_ip` of a tunnel port that leads to many (ovs-vswitchd.conf.db(5)). */
export const FLOW = 'flow';

export interface OvsPlan {
  readonly changes: Change[];
  readonly add: OvsChange[];
  readonly remove: OvsChange[];
}

/** Bridges and ports of one host: what to add or set now, and what to remove when nothing uses it any more. */
export function planBridges(
  topology: string,
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  ofports: ReadonlyMap<string, ReadonlyMap<string, number>>,
): OvsPlan {
  const plan: OvsPlan = { changes: [], add: [], remove: [] };
  for (const bridge of desired.bridges)
    planBridge(topology, desired, bridge, observed, ofports.get(bridge.name) ?? new Map(), plan);
  const wanted = new Set(desired.bridges.map((bridge) => bridge.name));
  for (const bridge of observed.bridges) {
    if (wanted.has(bridge.name) || !ownedBy(topology, bridge.externalIds)) continue;
    plan.remove.push({ kind: 'delete-bridge', bridge: bridge.name, uuid: bridge.uuid });
    plan.changes.push(
      change(desired.host, 'bridge', bridge.name, 'delete', 'its network is no longer in the topology'),
    );
  }
  return plan;
}

function planBridge(
  topology: string,
  host: DesiredNetwork,
  desired: DesiredBridge,
  observed: ObservedNetwork,
  ofports: ReadonlyMap<string, number>,
  plan: OvsPlan,
): void {
  const columns = bridgeColumns(topology, host, desired);
  const found = observed.bridges.find((bridge) => bridge.name === desired.name);
  if (found === undefined) {
    refuseForeignLink(topology, host.host, desired.name, observed);
    plan.add.push({ kind: 'add-bridge', bridge: desired.name, columns });
    plan.changes.push(
      change(
        host.host,
        'bridge',
        desired.name,
        'create',
        `network ${desired.network} (${desired.encapsulation.key.name} ${desired.vni}) has no bridge here`,
      ),
    );
  } else {
    if (!ownedBy(topology, found.externalIds)) throw clash(host.host, 'bridge', desired.name);
    const { switching, ...others } = columns;
    const differing = [
      ...differences(others, { ...found }),
      ...(isDeepStrictEqual(switching, found.switching) ? [] : switchingFaults(found.switching)),
    ];
    if (differing.length > 0) {
      plan.add.push({ kind: 'set-bridge', bridge: desired.name, uuid: found.uuid, columns });
      plan.changes.push(change(host.host, 'bridge', desired.name, 'update', differing.join('; ')));
    }
  }
  for (const port of desired.ports) planPort(topology, host, desired, port, observed, ofports, plan);
  removePorts(topology, host.host, desired, found, plan);
}

function planPort(
  topology: string,
  host: DesiredNetwork,
  bridge: DesiredBridge,
  desired: DesiredPort,
  observed: ObservedNetwork,
  ofports: ReadonlyMap<string, number>,
  plan: OvsPlan,
): void {
  const columns = portColumns(topology, desired, ofports.get(desired.name) ?? null);
  const holder = observed.bridges.find((candidate) => candidate.ports.some((port) => port.name === desired.name));
  const found = holder?.ports.find((port) => port.name === desired.name);
  if (holder === undefined || found === undefined) {
    plan.add.push({ kind: 'add-port', bridge: bridge.name, port: desired.name, columns });
    plan.changes.push(change(host.host, desired.kind, desired.name, 'create', whyPort(desired)));
    return;
  }
  if (!ownedBy(topology, found.externalIds)) throw clash(host.host, 'port', desired.name);
  if (desired.kind === 'probe' && hasLostDevice(desired, observed)) {
    plan.add.push({ kind: 'add-port', bridge: bridge.name, port: desired.name, columns });
    plan.changes.push(change(host.host, desired.kind, desired.name, 'update', 'its device is gone'));
    return;
  }
  if (holder.name !== bridge.name) {
    plan.add.push(
      { kind: 'delete-port', bridge: holder.name, port: desired.name, uuid: found.uuid },
      { kind: 'add-port', bridge: bridge.name, port: desired.name, columns },
    );
    plan.changes.push(change(host.host, desired.kind, desired.name, 'update', `it is in bridge ${holder.name}`));
    return;
  }
  const { interface: seen } = found;
  const differing = differences({ ...columns }, { ...seen, externalIds: found.externalIds });
  if (differing.length === 0) return;
  plan.add.push({
    kind: 'set-port',
    bridge: bridge.name,
    port: desired.name,
    uuid: found.uuid,
    interfaceUuid: seen.uuid,
    columns,
  });
  plan.changes.push(change(host.host, desired.kind, desired.name, 'update', differing.join('; ')));
}

function removePorts(
  topology: string,
  host: string,
  desired: DesiredBridge,
  found: ObservedBridge | undefined,
  plan: OvsPlan,
): void {
  const wanted = new Set(desired.ports.map((port) => port.name));
  for (const port of found?.ports ?? []) {
    if (wanted.has(port.name) || !ownedBy(topology, port.externalIds)) continue;
    const isInTheWay = isSuperseded(port, desired);
    const why = isInTheWay ? 'one port to all other hosts takes its place' : 'nothing in the topology needs it here';
    (isInTheWay ? plan.add : plan.remove).push({
      kind: 'delete-port',
      bridge: desired.name,
      port: port.name,
      uuid: port.uuid,
    });
    plan.changes.push(change(host, kindOfPort(port), port.name, 'delete', why));
  }
}

/**
 * A frame is given to the tunnel that says most about it (ofproto/tunnel.c, tnl_find): one to a single host would keep
 * from the port for all of them what that host sends, as long as it is there.
 */
function isSuperseded(
  { interface: { type, options } }: ObservedPort,
  { encapsulation, ports }: DesiredBridge,
): boolean {
  const leadsToAll = ports.some((port) => port.kind === 'tunnel' && port.far.kind === 'flow');
  return leadsToAll && type === encapsulation.ovsType && options.remote_ip !== FLOW;
}

function bridgeColumns(topology: string, host: DesiredNetwork, bridge: DesiredBridge): BridgeColumns {
  return {
    datapathType: host.datapath,
    // Without our flows nothing is forwarded: a bridge that falls back to NORMAL would make the mesh a broadcast storm.
    failMode: 'secure',
    externalIds: { [OWNER_KEY]: topology, [KIND_KEY]: 'network', 'vxmig-network': bridge.network },
    otherConfig: {},
    tableNames: PIPELINE_TABLE_NAMES,
    // Else it follows the MTUs of the ports that come and go: see tapSettings on what a device's change costs.
    mtuRequest: bridge.mtu,
    switching: BY_FLOWS_ALONE,
  };
}

/** As OVS has it. */
export function remoteIpOf({ far }: DesiredTunnel): string {
  return far.kind === 'one' ? far.peer.ip : FLOW;
}

function portColumns(topology: string, port: DesiredPort, ofport: number | null): PortColumns {
  const owner = { [OWNER_KEY]: topology, [KIND_KEY]: port.kind };
  switch (port.kind) {
    case 'tunnel':
      return {
        externalIds: { ...owner, ...(port.far.kind === 'one' ? { [REMOTE_HOST_KEY]: port.far.peer.host } : {}) },
        type: port.encapsulation.ovsType,
        options: {
          remote_ip: remoteIpOf(port),
          ...(port.localIp === null ? {} : { local_ip: port.localIp }),
          key: String(port.vni),
        },
        ofportRequest: ofport,
      };
    case 'tap':
      return {
        externalIds: { ...owner, 'vxmig-vm': port.vm, 'attached-mac': port.mac },
        type: '',
        options: {},
        ofportRequest: ofport,
      };
    case 'probe':
      return {
        externalIds: { ...owner, 'attached-mac': port.mac },
        type: 'internal',
        options: {},
        ofportRequest: ofport,
      };
  }
}

function whyPort(port: DesiredPort): string {
  switch (port.kind) {
    case 'tunnel':
      return whyTunnel(port);
    case 'tap':
      return `VM ${port.vm} needs a port here`;
    case 'probe':
      return 'a probe starts here';
  }
}

function whyTunnel({ encapsulation: { title, key }, far, vni }: DesiredTunnel): string {
  return far.kind === 'one'
    ? `the tunnel to ${far.peer.host} (${title} to ${far.peer.ip}, ${key.name} ${vni}) is missing`
    : `the tunnel port to all other hosts (${title}, ${key.name} ${vni}) is missing`;
}

function kindOfPort(port: ObservedPort): string {
  return port.externalIds[KIND_KEY] ?? 'port';
}

function refuseForeignLink(topology: string, host: string, name: string, observed: ObservedNetwork): void {
  const link = observed.links.find((candidate) => candidate.name === name);
  if (link !== undefined && link.alias !== `vxmig:${topology}`) throw clash(host, 'device', name);
}

function clash(host: string, kind: string, name: string): VxmigError {
  const removal = { bridge: ['ovs-vsctl', 'del-br', name], port: ['ovs-vsctl', 'del-port', name] }[kind];
  return new VxmigError('CLASH', `the ${kind} ${name} on ${host} does not belong to this topology`, {
    where: `${host} ${name}`,
    hint:
      `If nobody needs it, \`${shellLine(removal ?? ['ip', 'link', 'delete', name])}\` on ${host} removes it; ` +
      'else give the topology another `name:`.',
  });
}
