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

/** Why a NIC cannot be connected to a bridge, and what to do about it. */
export interface Unfitness {
  readonly what: string;
  readonly fix: string;
}

/** null: neither the guest, nor who may talk to it, would notice more than another cable. */
export function unfitNic(found: DefinedInterface): Unfitness | null {
  const why = unfitness(found);
  return why && { what: `the NIC ${found.mac} cannot be connected to a bridge: ${why.what}`, fix: why.fix };
}

/** All that is wrong with the NICs of one domain, in one error. */
export function unfitError(
  { host, domain }: { readonly host: string; readonly domain: string },
  faults: readonly Unfitness[],
): VxmigError {
  const what = faults.map((fault) => fault.what).join('; ');
  return new VxmigError('HOST_UNFIT', `the domain ${domain} on ${host} is not taken: ${what}; nothing was changed`, {
    where: `${host} ${domain}`,
    hint: [...new Set(faults.map(({ fix }) => fix))].join(' '),
  });
}

function unfitness(found: DefinedInterface): Unfitness | null {
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
