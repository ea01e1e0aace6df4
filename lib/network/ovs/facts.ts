import { DomainDefinition } from '../../model/domain-definition.js';
import type { Topology } from '../../model/topology.js';
import { isConnected } from '../../plan/adopt-domain.js';
import type { NetworkFacts } from '../../plan/desired.js';
import { nicsOf } from '../../plan/desired-vms.js';
import type { ObservedHost } from '../../plan/observed.js';
import { placesOf } from '../../plan/vm-places.js';

/**
 * What is decided once for a topology by looking at its hosts: the datapath of each, the kernel's where its module is
 * loaded.
 */
export function networkFacts(topology: Topology, observed: readonly ObservedHost[]): (host: string) => NetworkFacts {
  const multiQueue = multiQueueTaps(topology, observed);
  return (name) => {
    const host = observed.find((candidate) => candidate.host === name);
    const chosen = topology.hosts.find((candidate) => candidate.name === name)?.datapath ?? null;
    return {
      datapath: chosen ?? (host?.kernelDatapath === true ? 'system' : 'netdev'),
      switchRoutesFollowKernel: host?.switchRoutes.followKernel ?? true,
      multiQueue,
    };
  };
}

/** Of domains that somebody else has made; on every host, for a VM has its taps wherever it comes. */
function multiQueueTaps(topology: Topology, observed: readonly ObservedHost[]): string[] {
  return topology.vms.flatMap((vm) => {
    if (vm.source.kind === 'image') return [];
    const nics = nicsOf(topology, vm);
    return placesOf(topology, vm, observed).its.flatMap(({ domain: { xml, live } }) => {
      const [running, stored] = [live, xml].map((text) => (text === null ? null : DomainDefinition.parse(text)));
      return nics.flatMap(({ mac, device }) => {
        const on = running?.interface(mac);
        const nic = on !== undefined && isConnected(on, { device }) ? on : stored?.interface(mac);
        return nic !== undefined && nic.queues > 1 && nic.model?.startsWith('virtio') === true ? [device] : [];
      });
    });
  });
}
