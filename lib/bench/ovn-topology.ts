import { tapName } from '../model/names.js';
import type { Datapath, Topology, Vm } from '../model/topology.js';
import { desiredNetwork } from '../plan/desired.js';
import type { DesiredProbePort } from '../plan/desired-ports.js';
import { type DesiredDomain, desiredVms } from '../plan/desired-vms.js';
import type { Accelerator } from '../plan/domain-xml.js';
import { networkOf } from '../plan/topology-parts.js';

/**
 * The same VM once more, for OVN: image, memory, MAC and addresses are those of the topology's, and so are the probes.
 * Names are its own, and with them the devices; the two VMs are in segments that know nothing of each other.
 */
export function ovnTopology(topology: Topology, vm: Vm): Topology {
  const twin = { ...vm, name: `${vm.name}-ovn` };
  return {
    ...topology,
    name: `${topology.name}-ovn`,
    vms: [twin],
    probes: topology.probes
      .filter((probe) => probe.to === vm.name && probe.from.kind === 'host')
      .map((probe) => ({ ...probe, to: twin.name })),
  };
}

/** A port of a logical switch: where a frame for `addresses` is to go. */
export interface LogicalPort {
  /** Also the interface's `iface-id`, by which ovn-controller knows it. */
  readonly name: string;
  readonly logicalSwitch: string;
  readonly device: string;
  readonly mac: string;
  /** Without prefix length. */
  readonly addresses: readonly string[];
  readonly mtu: number;
}

/** The ports of the VM, which are on the host that it is on or goes to. */
export function vmPorts(topology: Topology): LogicalPort[] {
  return topology.vms.flatMap((vm) =>
    vm.nics.map((nic, index) => ({
      name: `${vm.name}-${index}`,
      logicalSwitch: nic.network,
      device: tapName(topology.name, vm.name, index),
      mac: nic.mac,
      addresses: nic.addresses.map(withoutLength),
      mtu: networkOf(topology, nic.network).mtu,
    })),
  );
}

export interface OvnHostParts {
  readonly host: string;
  readonly encapAddress: string;
  readonly probes: readonly (DesiredProbePort & { readonly port: LogicalPort })[];
  /** The domain that begins on that host; null: none. */
  readonly domain: DesiredDomain | null;
}

/** What OVN's side has on one host besides its own daemons. */
export function ovnHostParts(
  topology: Topology,
  host: string,
  facts: { readonly datapath: Datapath; readonly accelerator: Accelerator },
): OvnHostParts {
  const desired = desiredNetwork(topology, host, facts);
  const probes = desired.bridges.flatMap((bridge) =>
    bridge.ports.flatMap((port) =>
      port.kind === 'probe'
        ? [
            {
              ...port,
              port: {
                name: `probe-${bridge.network}-${host}`,
                logicalSwitch: bridge.network,
                device: port.name,
                mac: port.mac,
                addresses: port.addresses.map(withoutLength),
                mtu: port.mtu,
              },
            },
          ]
        : [],
    ),
  );
  return {
    host,
    encapAddress: desired.vtepAddress,
    probes,
    domain: desiredVms(topology, host, facts).domains[0] ?? null,
  };
}

function withoutLength(address: string): string {
  return address.split('/')[0] ?? address;
}
