import { NO_MOUNTS } from '../../../lib/model/mount.js';
import type { Topology } from '../../../lib/model/topology.js';
import type { NetworkFacts } from '../../../lib/plan/desired.js';
import type { VmFacts } from '../../../lib/plan/desired-vms.js';
import { volumesOf } from '../../../lib/plan/disk-xml.js';
import type { OvsScope } from '../../../lib/plan/host-plan.js';
import { withoutCopies } from '../../../lib/plan/left-copies.js';
import type { ObservedHost } from '../../../lib/plan/observed.js';
import { OvsPlanner, type PlannedMove } from '../../../lib/plan/ovs-planner.js';
import { type Plan, planTopology } from '../../../lib/plan/plan.js';
import { placeText } from '../../../lib/storage/place-text.js';
import { parseTopology } from '../../../lib/topology/read.js';
import { executed, type HostPlan, hostsOf } from './executed.js';

export interface HostFacts extends NetworkFacts, VmFacts {}

/** A plan on Open vSwitch, and its parts put together host by host. */
export interface TestPlan extends Plan<OvsScope> {
  readonly hosts: readonly HostPlan[];
  readonly moves: ReadonlyMap<string, PlannedMove>;
}

/** One accelerator for all hosts: the first one's. */
export function planFor(
  topology: Topology,
  observed: readonly ObservedHost[],
  facts: (host: string) => HostFacts,
  only?: string,
): TestPlan {
  const network = new OvsPlanner(facts);
  const vms = facts(topology.hosts[0]?.name ?? '');
  const plan = planTopology(topology, observed, { network, vms }, only);
  const wanted = { now: plan.current, later: topology, migrations: plan.migrations };
  const there = withoutCopies(observed, plan.leftCopies).filter(({ host }) => only === undefined || host === only);
  return { ...plan, hosts: hostsOf(plan), moves: network.moves(wanted, there) };
}

const TEXT = `version: 1
name: plans
underlay:
  left: {cidr: 198.18.1.0/24}
  right: {cidr: [198.18.2.0/24, "fd00:2::/64"], mtu: 1600}
hosts:
  host-a: {underlay: left, address: 198.18.1.10}
  host-b: {underlay: right, address: 198.18.2.10}
  host-c: {underlay: right, address: 198.18.2.11}
networks:
  blue: {vni: 5001, cidr: [10.9.0.0/24, "fd00:9::/64"], mtu: 1450}
vms:
  web:
    host: host-a
    image: micro
    nics: [{network: blue, mac: "52:54:00:09:00:01", address: [10.9.0.1/24, "fd00:9::1/64"]}]
probes:
  - {from: host-c, to: web}
`;

export function topologyOf(...replacements: readonly (readonly [old: string, now: string])[]): Topology {
  let text = TEXT;
  for (const [old, now] of replacements) {
    if (!text.includes(old)) throw new Error(`not in the topology: ${old}`);
    text = text.replace(old, () => now);
  }
  return parseTopology(text, 'plans.yaml');
}

export const KERNEL: HostFacts = { datapath: 'system', accelerator: { type: 'qemu' } };
export const USERSPACE: HostFacts = { datapath: 'netdev', accelerator: { type: 'qemu' } };

/** A machine on which nothing has been done yet: management device, underlay device, default route. */
export function freshHost(name: string, address: string): ObservedHost {
  const device = { mac: '02:00:00:00:00:01', mtu: 1500, up: true, kind: 'veth', alias: null };
  return {
    host: name,
    ovsVersion: '3.1.0',
    kernelDatapath: true,
    bridges: [],
    links: [
      { ...device, name: 'mgmt', addresses: ['192.0.2.7/24'] },
      { ...device, name: 'eth0', mac: '02:00:00:00:00:02', addresses: [`${address}/24`, 'fd00:2::10/64'] },
    ],
    routes: [
      { destination: '198.18.0.0/16', gateway: '198.18.2.1', device: 'eth0', family: 4, protocol: null, metric: null },
      { destination: 'fd00::/16', gateway: 'fd00:2::1', device: 'eth0', family: 6, protocol: 'static', metric: 512 },
      { destination: '198.18.2.0/24', gateway: null, device: 'eth0', family: 4, protocol: 'kernel', metric: null },
    ],
    switchAnswers: true,
    switchRoutes: { followKernel: true, added: [] },
    namespaces: [],
    domains: [],
    startedLately: [],
    volumes: [],
    mounts: NO_MOUNTS,
    seeds: {},
    kvm: false,
    nftTables: [],
    sshAddress: '192.0.2.7',
  };
}

export function freshHosts(topology: Topology): ObservedHost[] {
  const places = topology.vms.flatMap((vm) => volumesOf(topology, vm).map(({ place }) => placeText(place)));
  const absent = { image: { kind: 'absent' }, mark: null, freeBytes: null } as const;
  const volumes = places.map((place) => ({ place, ...absent }));
  return topology.hosts.map((host) => ({ ...freshHost(host.name, host.addresses[0] ?? ''), volumes }));
}

export function planned(topology: Topology, hosts: readonly ObservedHost[], facts: HostFacts = KERNEL): TestPlan {
  return planFor(topology, hosts, () => facts);
}

/** The hosts after the plan was carried out. */
export function after(plan: TestPlan, hosts: readonly ObservedHost[]): ObservedHost[] {
  return hosts.map((host) => {
    const its = plan.hosts.find((candidate) => candidate.host === host.host);
    return its === undefined ? host : executed(its, host);
  });
}

/** Fresh hosts on which the topology was applied. */
export function appliedHosts(topology: Topology, facts: HostFacts = KERNEL): ObservedHost[] {
  const hosts = freshHosts(topology);
  return after(planned(topology, hosts, facts), hosts);
}

/** The same hosts, one of them changed. */
export function withHost(
  hosts: readonly ObservedHost[],
  name: string,
  change: (host: ObservedHost) => Partial<ObservedHost>,
): ObservedHost[] {
  return hosts.map((host) => (host.host === name ? { ...host, ...change(host) } : host));
}

/** `HOST KIND ACTION`, one for each change. */
export function summary(plan: Pick<Plan, 'changes'>): string[] {
  return plan.changes.map(({ host, kind, action }) => `${host} ${kind} ${action}`);
}
