import type { DefinedInterface } from '../model/domain-definition.js';
import { VxmigError } from '../model/errors.js';
import { attribute, child, children } from '../model/xml-element.js';

/** How the guest sees such a NIC does not depend on how it is connected (formatdomain, "Network interfaces"). */
const EMULATED = [
  'bridge',
  'network',
  'ethernet',
  'direct',
  'user',
  'internal',
  'null',
  'mcast',
  'server',
  'client',
  'udp',
];

/** @throws VxmigError HOST_UNFIT where the guest, or who may talk to it, would notice more than another cable */
export function refuseUnfit({ host, domain }: { host: string; domain: string }, found: DefinedInterface): void {
  const why = unfitness(found);
  if (why === null) return;
  throw new VxmigError(
    'HOST_UNFIT',
    `the NIC ${found.mac} of ${domain} on ${host} cannot be connected to a bridge: ${why.what}; nothing was changed`,
    { where: `${host} ${domain}`, hint: why.fix },
  );
}

function unfitness(found: DefinedInterface): { what: string; fix: string } | null {
  const { type, element } = found;
  const another =
    'Give the domain another NIC for this network (`virsh attach-interface --config`), and name its MAC in ' +
    'the topology.';
  if (!EMULATED.includes(type)) {
    const what = type === 'hostdev' ? 'it is a device of the host that is passed through' : `it is of type ${type}`;
    return { what: `${what}, and a tap would be another device to the guest`, fix: another };
  }
  const vlan = child(element, 'vlan');
  const tags = tagsOf(found);
  if (attribute(vlan, 'trunk') === 'yes' || tags.length > 1)
    return {
      what: `it is a trunk for the VLANs ${tags.join(', ')}, and an overlay network is one segment`,
      fix: another,
    };
  if (attribute(child(element, 'port'), 'isolated') === 'yes')
    return {
      what: 'it is isolated from other ports of its bridge, which a tap of vxmig’s would not be',
      fix:
        'Say in the topology who may talk to it (`acl:`), and take `<port isolated=…/>` out of the definition ' +
        'with `virsh edit`.',
    };
  return null;
}

/** The VLANs that it carries. */
export function tagsOf({ element }: DefinedInterface): string[] {
  const vlan = child(element, 'vlan');
  return vlan === undefined ? [] : children(vlan, 'tag').map((tag) => attribute(tag, 'id') ?? '');
}
