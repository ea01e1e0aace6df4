import { DomainDefinition } from '../model/domain-definition.js';
import { shellLine } from '../model/quote.js';
import type { Topology, Vm } from '../model/topology.js';
import { attribute, child } from '../model/xml-element.js';
import type { NetworkFacts } from './desired.js';
import { domainOf } from './desired-vms.js';
import type { ObservedHost } from './observed.js';

/** In the `<interface>` of a virtio NIC (libvirt.org/formatdomain.html, "Setting NIC driver-specific options"). */
export const WITHOUT_OFFLOADS =
  "<driver name='qemu'><host csum='off' gso='off' tso4='off' tso6='off' ecn='off' ufo='off'/><guest csum='off' " +
  "tso4='off' tso6='off' ecn='off' ufo='off'/></driver>";

/**
 * Devices of QEMU's that hand segments and open checksums on to the host, and whose guests' drivers nothing at the host
 * can tell not to.
 */
const UNBRIDLED = ['vmxnet3', 'e1000e', 'igb'];

/** A NIC that leaves checksums, and with them segments, to the host. */
export interface OffloadingNic {
  readonly mac: string;
  /** As libvirt calls it. */
  readonly model: string;
}

/**
 * The NICs of a VM that leave checksums, and with them segments, to the host: virtio's do where nobody says otherwise.
 * Open vSwitch's userspace datapath passes such packets on as they are, and who gets them drops them: pings go through,
 * TCP does not.
 */
export function offloadingNics({ nics }: Vm, xml: string): OffloadingNic[] {
  const definition = DomainDefinition.parse(xml);
  return nics.flatMap(({ mac }) => {
    const found = definition.interface(mac);
    const model = found?.model ?? '';
    const host = found === undefined ? undefined : child(child(found.element, 'driver') ?? found.element, 'host');
    const isOn = isVirtio(model) ? attribute(host, 'csum') !== 'off' : UNBRIDLED.includes(model);
    return isOn ? [{ mac, model }] : [];
  });
}

function isVirtio(model: string): boolean {
  return model.startsWith('virtio');
}

/** How to have it otherwise. */
export function offloadFix(domain: string, host: string, nics: readonly OffloadingNic[]): string {
  const of = (some: readonly OffloadingNic[]) => some.map(({ mac }) => mac).join(' and ');
  const [virtio, others] = [nics.filter(({ model }) => isVirtio(model)), nics.filter(({ model }) => !isVirtio(model))];
  const models = [...new Set(others.map(({ model }) => model))].join(' and ');
  const parts = [
    ...(virtio.length === 0 ? [] : [`give the <interface> of ${of(virtio)} ${WITHOUT_OFFLOADS}`]),
    ...(others.length === 0
      ? []
      : [
          `libvirt cannot turn off the offloads of ${models}: give the <interface> of ${of(others)} another ` +
            `model, <model type='virtio'/> with ${WITHOUT_OFFLOADS}, or <model type='e1000'/>, which makes its ` +
            'checksums itself',
        ]),
  ];
  return (
    `\`${shellLine(['virsh', 'edit', domain])}\` on ${host}: ${parts.join('; ')}, then shut it down ` +
    'and apply again'
  );
}

/** Of domains that vxmig has not made, where they are and where they shall go. */
export function offloadWarnings(
  topology: Topology,
  observed: readonly ObservedHost[],
  facts: (host: string) => NetworkFacts,
): string[] {
  return topology.vms.flatMap((vm) => {
    if (vm.source.kind !== 'domain') return [];
    const domain = domainOf(vm);
    return observed.flatMap(({ host, domains }) => {
      const found = domains.find(({ name }) => name === domain);
      if (found === undefined || ![host, vm.host].some((place) => facts(place).datapath === 'netdev')) return [];
      const nics = offloadingNics(vm, found.xml);
      if (nics.length === 0) return [];
      const what =
        `${vm.name} leaves checksums to the host, which Open vSwitch in userspace does not make: it has ` +
        'ping and no TCP';
      return [`${what}. ${offloadFix(domain, host, nics)}.`];
    });
  });
}
