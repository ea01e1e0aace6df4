import type { Encapsulation } from '../model/encapsulation.js';
import { probeAddresses, probeMac, probePortName, tapName } from '../model/names.js';
import { probePaths } from '../model/probe-path.js';
import type { Datapath, Network, Topology, Vm } from '../model/topology.js';
import type { PortSecurity } from '../pipeline/facts.js';
import { type MovingMac, macsOfNic } from './moving-macs.js';
import { portSecurity } from './port-security.js';

/** A way, by its port's name: the number comes later. */
export interface NamedWay {
  readonly port: string;
  /** As in {@link Way}. */
  readonly remote: string | null;
}

export interface DesiredTunnel {
  readonly kind: 'tunnel';
  readonly name: string;
  readonly far: FarEnd;
  /** Null: the address that the route to the far end has. */
  readonly localIp: string | null;
  readonly encapsulation: Encapsulation;
  readonly vni: number;
}

/** `flow`: each frame says to whom. */
export type FarEnd =
  | { readonly kind: 'one'; readonly peer: TunnelPeer }
  | { readonly kind: 'flow'; readonly peers: readonly TunnelPeer[] };

export interface TunnelPeer {
  readonly host: string;
  readonly ip: string;
}

export interface DesiredTap {
  readonly kind: 'tap';
  readonly name: string;
  readonly vm: string;
  readonly mac: string;
  readonly mtu: number;
  /** The VM is on its way here, and not here yet: the way to its old host, and what moves with it. Null: it is here. */
  readonly incoming: { readonly through: NamedWay; readonly macs: readonly string[] } | null;
  /** Its NIC has several queues. */
  readonly multiQueue: boolean;
  /** What the VM may send; null: anything. */
  readonly security: PortSecurity | null;
}

/**
 * An internal port in a network namespace of its own: who probes the overlay does not put overlay routes on the host.
 */
export interface DesiredProbePort {
  readonly kind: 'probe';
  readonly name: string;
  readonly namespace: string;
  readonly mac: string;
  readonly mtu: number;
  /** With prefix length. */
  readonly addresses: readonly string[];
}

/** The taps of a VM in one network; they have the same names on every host that the VM is on or is moving to. */
export function desiredTaps(
  topology: Topology,
  vm: Vm,
  network: Network,
  {
    incoming,
    multiQueue,
  }: {
    readonly incoming: { readonly through: NamedWay; readonly macs: readonly MovingMac[] } | null;
    readonly multiQueue: readonly string[];
  },
): DesiredTap[] {
  return vm.nics.flatMap((nic, index) =>
    nic.network === network.name
      ? [
          {
            kind: 'tap',
            name: tapName(topology.name, vm.name, index),
            vm: vm.name,
            mac: nic.mac,
            mtu: network.mtu,
            incoming: incoming && { ...incoming, macs: macsOfNic(incoming.macs, index) },
            multiQueue: multiQueue.includes(tapName(topology.name, vm.name, index)),
            security: portSecurity(nic),
          },
        ]
      : [],
  );
}

/** The host that asks guests to ping: it needs a port in their network. */
export function guestAsker(topology: Topology): string {
  return topology.hosts[0]?.name ?? '';
}

/**
 * Open vSwitch in userspace reads the MTU of an internal port by its name in its own network namespace, does not find
 * it there, and cuts what it reads from the port at that of Ethernet (netdev-linux.c, netdev_linux_rxq_recv). So no
 * probe port is larger.
 */
const MOST_IN_USERSPACE = 1500;

export function probeMtu({ mtu }: Network, datapath: string): number {
  return datapath === 'netdev' ? Math.min(mtu, MOST_IN_USERSPACE) : mtu;
}

export function desiredProbePorts(
  topology: Topology,
  network: Network,
  { host: hostName, datapath }: { readonly host: string; readonly datapath: Datapath },
): DesiredProbePort[] {
  const watches = topology.probes.some((probe) => {
    const asks = probe.from.kind === 'host' ? probe.from.name : guestAsker(topology);
    return asks === hostName && probePaths(topology, probe).some((path) => path.network === network.name);
  });
  if (!watches) return [];
  const name = probePortName(topology.name, network.name, hostName);
  return [
    {
      kind: 'probe',
      name,
      namespace: name,
      mac: probeMac(topology.name, network.name, hostName),
      mtu: probeMtu(network, datapath),
      addresses: probeAddresses(topology, network.name, hostName),
    },
  ];
}
