import type { HostShell } from '../host/connection.js';
import { observeKernel } from '../host/observe-kernel.js';
import { dumpFlows } from '../host/openflow.js';
import * as virsh from '../host/virsh.js';
import { readOwnerMark } from '../plan/domain-xml.js';
import type { ObservedHost } from '../plan/observed.js';
import { ownedBy } from '../plan/ownership.js';
import type { OvsDatabase } from './ovs-database.js';

/** Reads all that the plan looks at, in as few sessions as possible. Changes nothing. */
export async function observeHost(
  name: string,
  shell: HostShell,
  ovs: OvsDatabase,
  topology: string,
): Promise<ObservedHost> {
  const [kernel, switchState, domains] = await Promise.all([
    observeKernel(shell),
    ovs.read().then(async (state) => {
      const ours = state.bridges.filter((bridge) => ownedBy(topology, bridge.externalIds)).map((bridge) => bridge.name);
      return { state, flows: await dumpFlows(shell, ours) };
    }),
    virsh.listDomains(shell),
  ]);
  const { state, flows } = switchState;
  return {
    host: name,
    ovsVersion: state.version,
    kernelDatapath: kernel.kernelDatapath,
    kvm: kernel.kvm,
    bridges: state.bridges.map((bridge) => ({ ...bridge, flows: flows.get(bridge.name) ?? [] })),
    links: kernel.links,
    routes: kernel.routes,
    namespaces: kernel.namespaces,
    domains: domains.map((domain) => ({
      name: domain.name,
      state: domain.state,
      xml: domain.xml,
      owner: readOwnerMark(domain.xml),
    })),
    nftTables: kernel.nftTables,
    sshAddress: kernel.sshAddress,
  };
}
