import type { VmSight } from '../compute/driver.js';
import type { HostParts } from './host-parts.js';

/** A host on which the VM's name is known. */
export interface Sighting {
  readonly host: string;
  readonly seen: VmSight;
}

/**
 * Every host that knows a VM of that name, and in which state. Asking changes nothing. @throws DriverError, VxmigError
 * SSH_CONNECT
 */
export async function whereIs(domain: string, hosts: readonly HostParts[]): Promise<Sighting[]> {
  const found = await Promise.all(hosts.map(async ({ name, vms }) => ({ host: name, seen: await vms.look(domain) })));
  return found.flatMap(({ host, seen }) => (seen === null ? [] : [{ host, seen }]));
}

/** Whether that is the same VM. Where one of the two could not be told, it is. */
export function isSame(one: string, other: string): boolean {
  return one === '' || other === '' || one === other;
}
