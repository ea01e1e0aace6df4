import type { Topology } from '../model/topology.js';
import type { HostFacts } from '../plan/desired.js';
import type { ObservedHost } from '../plan/observed.js';

/**
 * What is decided once for a topology by looking at its hosts: the datapath of each (the kernel's where its module is
 * loaded), and one accelerator for all, because a VM that was started with KVM cannot go on under TCG.
 */
export function factsOf(topology: Topology, observed: readonly ObservedHost[]): (host: string) => HostFacts {
  const kvm = observed.every((host) => host.kvm);
  return (name) => {
    const host = observed.find((candidate) => candidate.host === name);
    const chosen = topology.hosts.find((candidate) => candidate.name === name)?.datapath ?? null;
    return {
      datapath: chosen ?? (host?.kernelDatapath === true ? 'system' : 'netdev'),
      switchRoutesFollowKernel: host?.switchRoutes.followKernel ?? true,
      accelerator: { type: kvm ? 'kvm' : 'qemu' },
    };
  };
}
