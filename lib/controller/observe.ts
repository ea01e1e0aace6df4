import type { HostShell } from '../host/connection.js';
import { observeDomains } from '../host/domains.js';
import { observeKernel } from '../host/observe-kernel.js';
import { dumpFlows } from '../host/openflow.js';
import { readOwnerMark } from '../plan/domain-xml.js';
import type { ObservedHost } from '../plan/observed.js';
import { ownedBy } from '../plan/ownership.js';
import type { OvsDatabase } from './ovs-database.js';

/**
 * Reads all that the plan looks at, in as few sessions as possible. Changes nothing.
 * @param bridges the topology's, whose flows are then read together with the rest
 */
export async function observeHost(
  { name, shell, ovs }: { readonly name: string; readonly shell: HostShell; readonly ovs: OvsDatabase },
  topology: string,
  bridges: readonly string[],
): Promise<ObservedHost> {
  const [kernel, state, domains] = await Promise.all([
    observeKernel(shell, bridges),
    ovs.read(),
    observeDomains(shell),
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
    domains: domains.map((domain) => ({
      name: domain.name,
      state: domain.state,
      pausedByMigration: domain.pausedByMigration,
      xml: domain.xml,
      owner: readOwnerMark(domain.xml),
    })),
    nftTables: kernel.nftTables,
    sshAddress: kernel.sshAddress,
  };
}
