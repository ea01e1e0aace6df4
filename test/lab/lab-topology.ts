import type { Host, Topology, Vm } from '../../lib/model/topology.js';
import { USUAL_MIGRATION } from '../unit/topology/sample.js';

/** Two hosts in two subnets with both address families; the name keeps labs of parallel test runs apart. */
export function twoSubnets(name: string, shaping: { rate?: string; delayMs?: number } = {}): Topology {
  const host = (hostName: string, underlay: string, addresses: string[]): Host => ({
    name: hostName,
    underlay,
    addresses,
    ssh: null,
    datapath: null,
  });
  return {
    name,
    lab: {},
    underlay: [
      { name: 'left', cidrs: ['198.18.1.0/24', 'fd00:18:1::/64'], mtu: 1500, rate: null, delayMs: null },
      {
        name: 'a-segment-with-a-long-name',
        cidrs: ['198.18.2.0/24', 'fd00:18:2::/64'],
        mtu: 1600,
        rate: shaping.rate ?? null,
        delayMs: shaping.delayMs ?? null,
      },
    ],
    hosts: [
      host('host-a', 'left', ['198.18.1.10', 'fd00:18:1::10']),
      host('host-with-a-long-name-b', 'a-segment-with-a-long-name', ['198.18.2.10', 'fd00:18:2::10']),
    ],
    storage: [],
    networks: [],
    vms: [],
    probes: [],
  };
}

/** Its hosts then have libvirt. */
export function withVm(topology: Topology): Topology {
  const vm: Vm = {
    name: 'web',
    host: topology.hosts[0]?.name ?? '',
    memoryBytes: 2 ** 27,
    vcpus: 1,
    source: {
      kind: 'image',
      image: { kind: 'micro' },
      machine: { cpu: null, machine: null, firmware: 'bios', sshKeys: [] },
    },
    disks: [],
    nics: [],
    acl: [],
    migration: USUAL_MIGRATION,
  };
  return { ...topology, vms: [vm] };
}
