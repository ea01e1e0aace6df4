import { bridgeName, flowTunnelPortName, probeMac, probePortName, tapName, tunnelPortName } from '../../model/names.js';
import { aboutKey, aboutValue, type Complaint, type Path } from '../complaint.js';
import type { Draft } from '../draft.js';

/** Derived device names and MACs end in a hash: that two are equal is most unlikely, and must not pass unseen. */
export function* checkDevices(draft: Draft): Generator<Complaint> {
  yield* clashes(deviceNames(draft));
  yield* checkProbeMacs(draft);
}

export interface DerivedName {
  readonly name: string;
  /** What it is derived from, for people. */
  readonly owner: string;
  readonly path: Path;
}

export function* clashes(names: Iterable<DerivedName>): Generator<Complaint> {
  const owners = new Map<string, string>();
  for (const { name, owner, path } of names) {
    const other = owners.get(name);
    if (other === undefined) owners.set(name, owner);
    else yield aboutKey(path, `${owner} and ${other} would both have the device name ${name}`, 'rename one of the two');
  }
}

function* deviceNames(draft: Draft): Generator<DerivedName> {
  const topology = draft.name ?? '';
  for (const network of draft.networks) {
    const { path } = network;
    yield { name: bridgeName(topology, network.name), owner: `network ${network.name}`, path };
    yield { name: flowTunnelPortName(topology, network.name), owner: `the tunnels of network ${network.name}`, path };
    for (const host of draft.hosts) {
      const ends = `network ${network.name} on host ${host.name}`;
      yield { name: tunnelPortName(topology, network.name, host.name), owner: `the tunnel of ${ends}`, path };
      yield { name: probePortName(topology, network.name, host.name), owner: `the probe port of ${ends}`, path };
    }
  }
  for (const vm of draft.vms) {
    for (const index of vm.nics.keys()) {
      yield { name: tapName(topology, vm.name, index), owner: `NIC ${index + 1} of VM ${vm.name}`, path: vm.path };
    }
  }
}

function* checkProbeMacs(draft: Draft): Generator<Complaint> {
  const owners = new Map<string, string>();
  for (const network of draft.networks) {
    for (const host of draft.hosts) owners.set(probeMac(draft.name ?? '', network.name, host.name), host.name);
  }
  for (const nic of draft.vms.flatMap((vm) => vm.nics)) {
    const host = nic.mac === undefined ? undefined : owners.get(nic.mac);
    if (host === undefined) continue;
    yield aboutValue(
      [...nic.path, 'mac'],
      `${nic.mac} is the MAC address of a probe port on host ${host}`,
      'take another one',
    );
  }
}
