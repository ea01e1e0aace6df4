import { type Encapsulation, encapsulationsBeside } from '../model/encapsulation.js';
import { bridgeName, flowTunnelPortName, tunnelPortName } from '../model/names.js';
import type { Datapath, Host, Network, Topology } from '../model/topology.js';
import type { AccessLists, Carrier } from '../pipeline/facts.js';
import { accessLists } from './access.js';
import {
  type DesiredProbePort,
  type DesiredTap,
  type DesiredTunnel,
  desiredProbePorts,
  desiredTaps,
  type NamedWay,
} from './desired-ports.js';
import { knownMacs, type MovingMac } from './moving-macs.js';
import { hostOf, vtepOf } from './topology-parts.js';
import { peersOf, waysToMacs, wayTowards } from './ways.js';

/** All that one host's network should be for one topology. */
export interface DesiredNetwork {
  readonly host: string;
  readonly datapath: Datapath;
  readonly vtepAddress: string;
  readonly vtepMtu: number;
  readonly bridges: readonly DesiredBridge[];
}

export interface DesiredBridge {
  readonly name: string;
  readonly network: string;
  readonly encapsulation: Encapsulation;
  readonly vni: number;
  readonly mtu: number;
  /** True at the hub of a hub-and-spoke network: it relays between its tunnels. */
  readonly relays: boolean;
  readonly ports: readonly DesiredPort[];
  /**
   * The ways to each MAC of a VM: what the forwarding table may have learned of it, and nothing else. For a VM that
   * moves there are two.
   */
  readonly behind: ReadonlyMap<string, readonly NamedWay[]>;
  /** Every host's tunnel endpoints, which no VM may send tunnelled frames to. */
  readonly vteps: readonly string[];
  /** What such frames come in. */
  readonly carriers: readonly Carrier[];
  readonly access: AccessLists;
}

export type DesiredPort = DesiredTunnel | DesiredTap | DesiredProbePort;

/** What of a host its network is planned with. */
export interface NetworkFacts {
  readonly datapath: Datapath;
  /**
   * False: the userspace datapath has only the routes that were added to it. It knows none of them as one of its own
   * addresses, and refuses tunnels that name theirs (ovs-router.c). Left out: true.
   */
  readonly switchRoutesFollowKernel?: boolean;
  /**
   * Taps of NICs with more than one queue; left out: none. QEMU opens such a tap only where it has been made so (tun.c,
   * IFF_MULTI_QUEUE).
   */
  readonly multiQueue?: readonly string[];
  /** VMs that are migrating to this host: they get their taps here, though they still run elsewhere. */
  readonly incoming?: readonly IncomingVm[];
  /** By VM that moves: the other end of its way, where a table may have it as well. Left out: none moves. */
  readonly alsoAt?: ReadonlyMap<string, string>;
}

/** A VM that is on its way to a host, with the MACs that come with it. */
export interface IncomingVm {
  readonly vm: string;
  readonly macs: readonly MovingMac[];
}

/** @throws Error for a VM that is not there */
export function incomingVm(topology: Topology, name: string): IncomingVm {
  const vm = topology.vms.find((candidate) => candidate.name === name);
  if (vm === undefined) throw new Error(`no VM ${name} in topology ${topology.name}`);
  return { vm: name, macs: knownMacs(topology, vm) };
}

/** What `host`'s network should be, given where each VM is (or is to be). */
export function desiredNetwork(topology: Topology, hostName: string, facts: NetworkFacts): DesiredNetwork {
  const host = hostOf(topology, hostName);
  const segment = topology.underlay.find((candidate) => candidate.name === host.underlay);
  return {
    host: hostName,
    datapath: facts.datapath,
    vtepAddress: vtepOf(host),
    vtepMtu: segment?.mtu ?? 1500,
    bridges: topology.networks.map((network) => desiredBridge(topology, network, host, facts)),
  };
}

function desiredBridge(topology: Topology, network: Network, host: Host, facts: NetworkFacts): DesiredBridge {
  const { incoming = [] } = facts;
  return {
    name: bridgeName(topology.name, network.name),
    network: network.name,
    encapsulation: network.encapsulation,
    vni: network.vni,
    mtu: network.mtu,
    relays: network.mesh.kind === 'hub' && network.mesh.hub === host.name,
    ports: [
      ...desiredTunnels(topology, network, host, facts),
      ...desiredProbePorts(topology, network, { host: host.name, datapath: facts.datapath }),
      ...topology.vms.flatMap((vm) => {
        const multiQueue = facts.multiQueue ?? [];
        if (vm.host === host.name) return desiredTaps(topology, vm, network, { incoming: null, multiQueue });
        const coming = incoming.find((one) => one.vm === vm.name);
        if (coming === undefined) return [];
        const through = wayTowards(topology, network, host.name, vm.host);
        return desiredTaps(topology, vm, network, { incoming: { through, macs: coming.macs }, multiQueue });
      }),
    ],
    vteps: topology.hosts.flatMap((one) => one.addresses),
    carriers: carriersAt(topology),
    access: accessLists(topology, network),
    behind: waysToMacs(topology, network, host.name, facts.alsoAt ?? new Map()),
  };
}

/**
 * Not only the topology's own: the same endpoints may be another's, which has its frames in what this one does not use.
 */
function carriersAt({ networks }: Topology): Carrier[] {
  return encapsulationsBeside(networks).map(({ carrier }) => carrier);
}

function desiredTunnels(topology: Topology, network: Network, host: Host, facts: NetworkFacts): DesiredTunnel[] {
  const anyLocal = facts.datapath === 'netdev' && facts.switchRoutesFollowKernel === false;
  const { encapsulation, vni } = network;
  const near = { localIp: anyLocal ? null : vtepOf(host), encapsulation, vni };
  const peers = peersOf(topology, network, host.name).map((peer) => ({ host: peer.name, ip: vtepOf(peer) }));
  if (network.mesh.kind === 'flow' && peers.length > 0) {
    const name = flowTunnelPortName(topology.name, network.name);
    return [{ kind: 'tunnel', name, far: { kind: 'flow', peers }, ...near }];
  }
  return peers.map((peer) => ({
    kind: 'tunnel',
    name: tunnelPortName(topology.name, network.name, peer.host),
    far: { kind: 'one', peer },
    ...near,
  }));
}
