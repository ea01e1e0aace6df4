import fc from 'fast-check';
import type { Topology } from '../../../lib/model/topology.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { parseTopology } from '../../../lib/topology/read.js';
import type { HostFacts } from './hosts.js';
import { freshHost } from './hosts.js';

export interface Scene {
  readonly topology: Topology;
  readonly facts: HostFacts;
  /** Machines on which nothing of it is yet. */
  readonly fresh: readonly ObservedHost[];
}

type Families = '4' | '6' | '46';
const families = fc.constantFrom<Families>('4', '6', '46');

/** `four` and `six` as far as the families say. */
function pick(which: Families, four: string, six: string): string[] {
  return [...(which.includes('4') ? [four] : []), ...(which.includes('6') ? [six] : [])];
}

const shape = fc.record({
  underlay: families,
  hosts: fc.array(fc.nat(2), { minLength: 2, maxLength: 6 }),
  networks: fc.array(fc.record({ families, mesh: fc.oneof(fc.constantFrom('full', 'flow'), fc.nat(5)) }), {
    minLength: 1,
    maxLength: 3,
  }),
  vms: fc.array(fc.record({ host: fc.nat(5), nics: fc.array(fc.nat(2), { minLength: 1, maxLength: 3 }) }), {
    maxLength: 4,
  }),
  probes: fc.array(fc.record({ from: fc.nat(9), to: fc.nat(3) }), { maxLength: 3 }),
  facts: fc.constantFrom<Omit<HostFacts, 'accelerator'>>(
    { datapath: 'system' },
    { datapath: 'netdev' },
    { datapath: 'netdev', switchRoutesFollowKernel: false },
  ),
});

/** Any topology that the reader of files takes, and its machines. */
export const scene: fc.Arbitrary<Scene> = shape.map((drawn) => {
  const topology = parseTopology(JSON.stringify(fileOf(drawn)), 'drawn.yaml');
  const facts: HostFacts = { ...drawn.facts, accelerator: { type: 'qemu' } };
  const fresh = topology.hosts.map((host) => machine(host.name, host.addresses, facts));
  return { topology, facts, fresh };
});

function fileOf({ underlay, hosts, networks, vms, probes }: typeof shape extends fc.Arbitrary<infer T> ? T : never) {
  const hostNames = hosts.map((_, index) => `host-${index}`);
  const nth = <T>(list: readonly T[], index: number) => list[index % list.length] as T;
  const vmNames = vms.map((_, index) => `vm-${index}`);
  return {
    version: 1,
    name: 'drawn',
    underlay: Object.fromEntries(
      [0, 1, 2].map((n) => [`left-${n}`, { cidr: pick(underlay, `198.18.${n}.0/24`, `fd00:18:${n}::/64`) }]),
    ),
    hosts: Object.fromEntries(
      hosts.map((n, index) => {
        const address = pick(underlay, `198.18.${n}.${index + 10}`, `fd00:18:${n}::${index + 10}`);
        return [`host-${index}`, { underlay: `left-${n}`, address }];
      }),
    ),
    networks: Object.fromEntries(
      networks.map(({ families: which, mesh }, index) => [
        `net-${index}`,
        {
          vni: 5001 + index,
          cidr: pick(which, '10.9.0.0/24', 'fd00:9::/64'),
          mtu: 1400,
          mesh: typeof mesh === 'string' ? mesh : { hub: nth(hostNames, mesh) },
        },
      ]),
    ),
    vms: Object.fromEntries(
      vms.map(({ host, nics }, index) => [
        `vm-${index}`,
        {
          host: nth(hostNames, host),
          image: 'micro',
          nics: nics.map((network, nic) => {
            const number = index * 4 + nic + 1;
            const place = network % networks.length;
            return {
              network: `net-${place}`,
              mac: `52:54:00:09:00:${String(number).padStart(2, '0')}`,
              address: pick(nth(networks, place).families, `10.9.0.${number}/24`, `fd00:9::${number}/64`),
            };
          }),
        },
      ]),
    ),
    probes: distinct(
      probes.flatMap(({ from, to }) => {
        const watched = vms.length === 0 ? null : nth(vmNames, to);
        return watched === null ? [] : [{ from: nth(hostNames, from), to: watched }];
      }),
    ),
  };
}

function distinct<T>(list: readonly T[]): T[] {
  return [...new Map(list.map((item) => [JSON.stringify(item), item])).values()];
}

function machine(name: string, addresses: readonly string[], facts: HostFacts): ObservedHost {
  const host = freshHost(name, '');
  return {
    ...host,
    kernelDatapath: facts.datapath === 'system',
    switchRoutes: { followKernel: facts.switchRoutesFollowKernel ?? true, added: [] },
    links: host.links.map((link) =>
      link.name === 'eth0'
        ? { ...link, addresses: addresses.map((address) => `${address}/${address.includes(':') ? 64 : 24}`) }
        : link,
    ),
  };
}
