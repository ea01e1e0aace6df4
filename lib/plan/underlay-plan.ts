import type { Change } from '../model/change.js';
import type { Command } from '../model/command.js';
import { VxmigError } from '../model/errors.js';
import type { ObservedLink, SwitchRoute } from '../model/kernel-state.js';
import { change } from './change.js';
import type { DesiredNetwork } from './desired.js';
import type { BridgeColumns, OvsChange } from './host-plan.js';
import { dropInKernel, liftBarrier } from './kernel-barrier.js';
import type { ObservedBridge, ObservedNetwork } from './observed.js';
import { columnsOfBridge } from './observed-columns.js';
import { KIND_KEY, underlayUserKey } from './ownership.js';
import { BY_FLOWS_ALONE, switchingFaults } from './switching.js';
import { giveAddresses, moveAddresses, upAndMtu } from './underlay-addresses.js';
import { addRoutes, missingRoutes, removeRoutes, UNDERLAY_BRIDGE } from './underlay-routes.js';
import { vtepDeviceFault } from './vtep-device.js';

const NIC_KEY = 'vxmig-underlay-nic';
const NFT_TABLE = 'vxmig_underlay';

export interface UnderlayPlan {
  readonly changes: readonly Change[];
  readonly ovs: readonly OvsChange[];
  readonly settle: readonly Command[];
}

const NOTHING: UnderlayPlan = { changes: [], ovs: [], settle: [] };

/**
 * The userspace datapath sends tunnelled packets only through a bridge of its own that holds the underlay address
 * (ovs-vswitchd's "Userspace Tunneling"). The kernel still sees every frame on the device and would answer a second
 * time, so an nftables ingress hook drops them there; OVS reads them before that hook.
 *
 * @throws VxmigError HOST_UNFIT where moving the address would cut our own SSH connection, or no device has the address
 */
export function planUnderlay(topology: string, desired: DesiredNetwork, observed: ObservedNetwork): UnderlayPlan {
  if (desired.datapath !== 'netdev') return NOTHING;
  const holder = observed.links.find((link) => holds(link, desired.vtepAddress));
  const bridge = observed.bridges.find((candidate) => candidate.name === holder?.name);
  if (bridge !== undefined && holder !== undefined) return joinBridge(topology, desired, observed, bridge, holder);
  const half = observed.bridges.find((candidate) => candidate.name === UNDERLAY_BRIDGE);
  if (half !== undefined && !isUnderlay(half)) {
    throw new VxmigError('CLASH', `the bridge ${UNDERLAY_BRIDGE} on ${desired.host} is not vxmig's`, {
      where: `${desired.host} ${UNDERLAY_BRIDGE}`,
      hint:
        `If it is the bridge of the underlay, give it the VTEP address ${desired.vtepAddress}; if nobody needs ` +
        `it, \`ovs-vsctl del-br ${UNDERLAY_BRIDGE}\` on ${desired.host} removes it.`,
    });
  }
  if (holder === undefined) {
    throw new VxmigError('HOST_UNFIT', `no device on ${desired.host} has the VTEP address ${desired.vtepAddress}`, {
      where: desired.host,
      hint: 'Give the address to a device of that host, or fix `address:` in the topology.',
    });
  }
  const fault = vtepDeviceFault(desired.host, desired.vtepAddress, holder, observed.links);
  if (fault !== null) throw fault;
  return makeBridge(topology, desired, observed, holder, half);
}

function makeBridge(
  topology: string,
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  nic: ObservedLink,
  half: ObservedBridge | undefined,
): UnderlayPlan {
  if (observed.sshAddress !== null && holds(nic, observed.sshAddress)) {
    throw new VxmigError(
      'HOST_UNFIT',
      `moving ${nic.name}'s addresses into a bridge would cut the SSH connection to ${desired.host}`,
      {
        where: desired.host,
        hint:
          'Load the Open vSwitch kernel module (then nothing has to be moved), or reach the host over another ' +
          'device: `ssh.address`.',
      },
    );
  }
  const columns: BridgeColumns = {
    datapathType: 'netdev',
    failMode: 'standalone',
    externalIds: {
      ...half?.externalIds,
      [KIND_KEY]: 'underlay',
      [NIC_KEY]: nic.name,
      [underlayUserKey(topology)]: 'yes',
    },
    otherConfig: { hwaddr: nic.mac },
    tableNames: {},
    mtuRequest: null,
    switching: BY_FLOWS_ALONE,
  };
  const ovs: OvsChange[] = [
    half === undefined
      ? { kind: 'add-bridge', bridge: UNDERLAY_BRIDGE, columns }
      : { kind: 'set-bridge', bridge: UNDERLAY_BRIDGE, uuid: half.uuid, columns },
  ];
  if (half === undefined || !half.ports.some((port) => port.name === nic.name)) {
    ovs.push({
      kind: 'add-port',
      bridge: UNDERLAY_BRIDGE,
      port: nic.name,
      columns: { externalIds: { [KIND_KEY]: 'underlay' }, type: '', options: {}, ofportRequest: null },
    });
  }
  return {
    changes: [
      change(
        desired.host,
        'underlay',
        UNDERLAY_BRIDGE,
        'create',
        `the userspace datapath needs the VTEP address ${desired.vtepAddress} on a bridge`,
      ),
    ],
    ovs,
    settle: [
      ...moveAddresses(nic, UNDERLAY_BRIDGE, observed, desired.vtepMtu),
      dropInKernel(NFT_TABLE, nic.name),
      ...addRoutes(missingRoutes(nic, observed)),
    ],
  };
}

/**
 * The address is on a bridge already: ours (then this topology signs in), or one that the host's admin has made (then
 * nothing is done).
 */
function joinBridge(
  topology: string,
  desired: DesiredNetwork,
  observed: ObservedNetwork,
  bridge: ObservedBridge,
  link: ObservedLink,
): UnderlayPlan {
  if (!isUnderlay(bridge)) return NOTHING;
  const signedIn = bridge.externalIds[underlayUserKey(topology)] !== undefined;
  const nic = bridge.externalIds[NIC_KEY] ?? '';
  const routes = missingRoutes(link, observed);
  const settle = [
    ...(link.up && link.mtu === desired.vtepMtu ? [] : [upAndMtu(UNDERLAY_BRIDGE, desired.vtepMtu)]),
    ...(observed.nftTables.includes(NFT_TABLE) ? [] : [dropInKernel(NFT_TABLE, nic)]),
    ...addRoutes(routes),
  ];
  const faults = switchingFaults(bridge.switching);
  if (signedIn && settle.length === 0 && faults.length === 0) return NOTHING;
  const columns = columnsOfBridge({
    ...bridge,
    switching: BY_FLOWS_ALONE,
    externalIds: { ...bridge.externalIds, [underlayUserKey(topology)]: 'yes' },
  });
  return {
    changes: [
      change(
        desired.host,
        'underlay',
        UNDERLAY_BRIDGE,
        'update',
        [...faults, ...(signedIn && settle.length === 0 ? [] : [whyJoin(signedIn, routes)])].join('; '),
      ),
    ],
    ovs:
      signedIn && faults.length === 0 ? [] : [{ kind: 'set-bridge', bridge: bridge.name, uuid: bridge.uuid, columns }],
    settle,
  };
}

function whyJoin(signedIn: boolean, missing: readonly SwitchRoute[]): string {
  if (!signedIn) return 'this topology uses it too';
  if (missing.length > 0)
    return `Open vSwitch lacks its routes: ${missing.map((route) => route.destination).join(', ')}`;
  return 'its device is not set as it should be';
}

/**
 * Takes the topology off the underlay bridge; the last one gives the addresses back to the device, before the bridge
 * goes: once that is gone nobody could tell what is missing.
 */
export function releaseUnderlay(
  topology: string,
  observed: ObservedNetwork,
): { change: Change | null; prepare: Command[]; ovs: OvsChange[] } {
  const bridge = observed.bridges.find(isUnderlay);
  const key = underlayUserKey(topology);
  if (bridge === undefined || bridge.externalIds[key] === undefined) return { change: null, prepare: [], ovs: [] };
  const externalIds = Object.fromEntries(Object.entries(bridge.externalIds).filter(([name]) => name !== key));
  if (Object.keys(externalIds).some((name) => name.startsWith(underlayUserKey('')))) {
    const columns = columnsOfBridge({ ...bridge, externalIds });
    return {
      change: change(observed.host, 'underlay', bridge.name, 'update', 'other topologies still use it'),
      prepare: [],
      ovs: [{ kind: 'set-bridge', bridge: bridge.name, uuid: bridge.uuid, columns }],
    };
  }
  const nic = bridge.externalIds[NIC_KEY] ?? '';
  const holder = observed.links.find((link) => link.name === bridge.name);
  return {
    change: change(observed.host, 'underlay', bridge.name, 'delete', `${nic} gets its addresses back`),
    prepare: [
      ...(holder === undefined ? [] : giveAddresses(holder, nic, observed)),
      ...removeRoutes(observed.switchRoutes.added.filter((route) => route.device === bridge.name)),
      liftBarrier(NFT_TABLE),
    ],
    ovs: [{ kind: 'delete-bridge', bridge: bridge.name, uuid: bridge.uuid }],
  };
}

/**
 * Where the bridge was not there before: the device's addresses and routes as they were, even if their move was cut off
 * in the middle.
 */
export function restoreAddresses(before: ObservedNetwork, now: ObservedNetwork): Command[] {
  const bridge = now.bridges.find(isUnderlay);
  if (bridge === undefined || before.bridges.some(isUnderlay)) return [];
  const nic = before.links.find((link) => link.name === bridge.externalIds[NIC_KEY]);
  return nic === undefined ? [] : giveAddresses(nic, nic.name, before);
}

function isUnderlay({ externalIds }: ObservedBridge): boolean {
  return externalIds[KIND_KEY] === 'underlay';
}

function holds(link: ObservedLink, address: string): boolean {
  return link.addresses.some((candidate) => candidate.split('/')[0] === address);
}
