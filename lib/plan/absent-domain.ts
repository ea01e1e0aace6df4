import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import type { Topology, Vm } from '../model/topology.js';
import { domainOf } from './desired-vms.js';
import type { ObservedHost } from './observed.js';

export interface DomainPlace {
  readonly host: string;
  readonly state: string;
}

/**
 * A domain that is off can only be started where it is defined: to define it elsewhere too would make two of it, with
 * one disk for both, or with another one.
 *
 * @param only the VMs of that host; left out: all
 * @throws VxmigError HOST_UNFIT where a domain of the file is nowhere, or is off on another host than the file says
 */
export function refuseAbsentDomains(topology: Topology, observed: readonly ObservedHost[], only?: string): void {
  for (const vm of topology.vms) {
    if (only !== undefined && vm.host !== only) continue;
    const absence =
      vm.source.kind === 'domain'
        ? absenceOf(
            vm,
            placesOf(vm, observed),
            observed.map(({ host }) => host),
          )
        : null;
    if (absence !== null) throw absence;
  }
}

/**
 * Why a VM whose domain is at those places can neither be started where the file says, nor be moved there; null: it
 * can.
 */
export function absenceOf(vm: Vm, places: readonly DomainPlace[], hosts: readonly string[]): VxmigError | null {
  if (places.some(({ host, state }) => host === vm.host || isAlive(state))) return null;
  const [place] = places;
  return place === undefined ? nowhere(vm, hosts) : offElsewhere(vm, place);
}

function placesOf(vm: Vm, observed: readonly ObservedHost[]): DomainPlace[] {
  const domain = domainOf(vm);
  return observed.flatMap(({ host, domains }) =>
    domains.flatMap(({ name, state }) => (name === domain ? [{ host, state }] : [])),
  );
}

function offElsewhere(vm: Vm, { host, state }: DomainPlace): VxmigError {
  const domain = domainOf(vm);
  return new VxmigError('HOST_UNFIT', `${domain} is ${state} on ${host}, and the topology says ${vm.host}`, {
    where: `${host} ${domain}`,
    hint:
      `Nothing was made on ${vm.host}: two definitions would be two VMs with one disk. Say \`host: ${host}\` ` +
      'and apply, which starts it there; then change it back and apply, ' +
      `which moves it alive. Or, if ${vm.host} sees its disks, take its definition there by hand while it is ` +
      `off, and undefine it on ${host}.`,
  });
}

function nowhere(vm: Vm, hosts: readonly string[]): VxmigError {
  const domain = domainOf(vm);
  return new VxmigError('HOST_UNFIT', `libvirt on ${vm.host} knows no domain ${domain}; nor do ${hosts.join(', ')}`, {
    where: `${vm.host} ${domain}`,
    hint: '`virsh list --all` shows what there is; define it there, or fix `domain:` in the topology.',
  });
}
