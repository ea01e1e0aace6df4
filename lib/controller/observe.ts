import { observeDomains } from '../compute/libvirt/domains.js';
import type { HostShell } from '../host/connection.js';
import { marksOf } from '../model/domain-marks.js';
import { bridgeName } from '../model/names.js';
import type { Topology } from '../model/topology.js';
import { observeKernel } from '../network/ovs/observe-kernel.js';
import { dumpFlows } from '../network/ovs/openflow.js';
import type { OvsDatabase } from '../network/ovs/ovs-database.js';
import type { ObservedHost } from '../plan/observed.js';
import { ownedBy } from '../plan/ownership.js';

/** What of the topology every look at a host needs to know. */
export interface Expected {
  /** Their flows are then read together with the rest. */
  readonly bridges: readonly string[];
  /** Where the topology has no VMs a host need not have libvirt. */
  readonly hasVms: boolean;
}

/** A host as a look at it needs it. */
interface ObservableHost {
  readonly name: string;
  readonly shell: HostShell;
  readonly ovs: Pick<OvsDatabase, 'read'>;
}

export function expectedOf({ name, networks, vms }: Topology): Expected {
  return { bridges: networks.map((network) => bridgeName(name, network.name)), hasVms: vms.length > 0 };
}

/** Reads all that the plan looks at, in as few sessions as possible. Changes nothing. */
export async function observeHost(
  { name, shell, ovs }: ObservableHost,
  topology: string,
  { bridges, hasVms }: Expected,
): Promise<ObservedHost> {
  const reading = observeKernel(shell, bridges);
  const libvirtFiles = reading.then((kernel) => kernel.libvirtFiles);
  // Where libvirt answers nobody waits for them.
  libvirtFiles.catch(() => undefined);
  const [kernel, state, domains] = await Promise.all([
    reading,
    ovs.read(),
    observeDomains(shell, { hasVms, libvirtFiles }),
  ]);
  // Bridges of networks that the topology no longer has.
  const others = state.bridges.filter(
    ({ name, externalIds }) => ownedBy(topology, externalIds) && !kernel.flows.has(name),
  );
  const flows = new Map([
    ...kernel.flows,
    ...(await dumpFlows(
      shell,
      others.map((bridge) => bridge.name),
    )),
  ]);
  return {
    host: name,
    ovsVersion: state.version,
    kernelDatapath: kernel.kernelDatapath,
    kvm: kernel.kvm,
    bridges: state.bridges.map((bridge) => ({ ...bridge, flows: flows.get(bridge.name) ?? [] })),
    links: kernel.links,
    routes: kernel.routes,
    switchAnswers: kernel.switchAnswers,
    switchRoutes: kernel.switchRoutes,
    namespaces: kernel.namespaces,
    domains: domains.map((domain) => ({ ...domain, ...marksOf(domain) })),
    startedLately: kernel.startedLately,
    nftTables: kernel.nftTables,
    sshAddress: kernel.sshAddress,
  };
}
