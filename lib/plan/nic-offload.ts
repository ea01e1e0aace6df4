import { shellWord } from '../model/quote.js';
import type { Topology, Vm } from '../model/topology.js';
import { interfaceOf } from './adopt-domain.js';
import { domainOf, type HostFacts } from './desired.js';
import type { ObservedHost } from './observed.js';

/** In the `<interface>` of a virtio NIC (libvirt.org/formatdomain.html, "Setting NIC driver-specific options"). */
export const WITHOUT_OFFLOADS =
  "<driver name='qemu'><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'/><guest csum='off' tso4='off' tso6='off' ecn='off' ufo='off'/></driver>";

/**
 * The MACs of a VM's NICs that leave checksums, and with them segments, to the host: virtio's do where nobody says otherwise. Open vSwitch's userspace
 * datapath passes such packets on as they are, and who gets them drops them: pings go through, TCP does not.
 */
export function offloadingNics({ nics }: Vm, xml: string): string[] {
  return nics.flatMap(({ mac }) => {
    const block = interfaceOf(xml, mac) ?? '';
    const isVirtio = /<model [^>]*type=['"]virtio/.test(block);
    return isVirtio && !/<host [^>]*\bcsum=['"]off['"]/.test(block) ? [mac] : [];
  });
}

/** How to have it otherwise. */
export function offloadMend(domain: string, host: string, macs: readonly string[]): string {
  return `\`virsh edit ${shellWord(domain)}\` on ${host}: give the <interface> of ${macs.join(' and ')} ${WITHOUT_OFFLOADS}, then shut it down and apply again`;
}

/** Of domains that vxmig has not made, where they are and where they shall go. */
export function offloadWarnings(
  topology: Topology,
  observed: readonly ObservedHost[],
  facts: (host: string) => HostFacts,
): string[] {
  return topology.vms.flatMap((vm) => {
    if (vm.source.kind !== 'domain') return [];
    const domain = domainOf(vm);
    return observed.flatMap(({ host, domains }) => {
      const found = domains.find(({ name }) => name === domain);
      if (found === undefined || ![host, vm.host].some((place) => facts(place).datapath === 'netdev')) return [];
      const macs = offloadingNics(vm, found.xml);
      if (macs.length === 0) return [];
      const what = `${vm.name} leaves checksums to the host, which Open vSwitch in userspace does not make: it has ping and no TCP`;
      return [`${what}. ${offloadMend(domain, host, macs)}.`];
    });
  });
}
