import { VxmigError } from '../model/errors.js';
import type { ObservedLink } from '../model/kernel-state.js';

/**
 * Devices without Ethernet, or with nothing at their other end (`ip -d link`): as a port of a bridge they would carry
 * no frame of the underlay.
 */
const CARRY_NOTHING = ['dummy', 'vrf', 'wireguard', 'sit', 'ipip', 'gre', 'ip6tnl', 'vti', 'nlmon'];

/**
 * Why the userspace datapath cannot take the device that has the VTEP's address into a bridge; null: it can. In routed
 * fabrics the address is on `lo`, from where the kernel's datapath sends tunnels as it does everything.
 */
export function vtepDeviceFault(
  host: string,
  address: string,
  { name, kind }: Pick<ObservedLink, 'name' | 'kind'>,
  links: readonly ObservedLink[],
): VxmigError | null {
  if (name !== 'lo' && (kind === null || !CARRY_NOTHING.includes(kind))) return null;
  const others = links.filter(
    (link) => link.name !== 'lo' && link.up && link.addresses.length > 0 && !CARRY_NOTHING.includes(link.kind ?? ''),
  );
  const known = others.map((link) => `${link.name} (${link.addresses.join(', ')})`).join('; ');
  return new VxmigError(
    'HOST_UNFIT',
    `the VTEP address ${address} of ${host} is on ${name}, which Open vSwitch's userspace datapath cannot take ` +
      'into a bridge',
    {
      where: `${host} ${name}`,
      hint:
        'Load the kernel module (`modprobe openvswitch`), with which the address may stay there, or make ' +
        '`address:` in the topology that of a device ' +
        `that leads to the underlay${known === '' ? '' : `; there are: ${known}`}.`,
    },
  );
}
