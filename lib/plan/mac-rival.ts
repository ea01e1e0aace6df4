import { DomainDefinition } from '../model/domain-definition.js';
import { ownerMark } from '../model/domain-marks.js';
import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import type { Vm } from '../model/topology.js';
import { domainOf } from './desired-vms.js';
import type { ObservedDomain } from './observed.js';

/**
 * The name of another domain that is on and has one of the VM's MACs: it would take the VM's frames, or the VM its.
 * null: there is none. VMs of vxmig's own are kept apart by their VNIs.
 */
export function macRival(
  vm: Vm,
  domains: readonly Pick<ObservedDomain, 'name' | 'state' | 'xml' | 'live'>[],
): string | null {
  const rival = domains.find(({ name, state, xml, live }) => {
    if (name === domainOf(vm) || !isAlive(state)) return false;
    const definition = DomainDefinition.parse(live ?? xml);
    return ownerMark(definition) === null && vm.nics.some(({ mac }) => definition.interface(mac) !== undefined);
  });
  return rival?.name ?? null;
}

export function macClash(vm: Vm, host: string, rival: string): VxmigError {
  return new VxmigError('CLASH', `${host} runs a domain ${rival} with a MAC of ${vm.name}`, {
    where: `${host} ${rival}`,
    hint:
      'Two NICs with one MAC take each other’s frames: is it a copy of this VM? Stop it, or give one of the two ' +
      'another `mac`.',
  });
}
