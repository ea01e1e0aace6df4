import { isAlive } from '../model/domain-state.js';
import { VxmigError } from '../model/errors.js';
import type { Vm } from '../model/topology.js';
import { domainOf } from './desired.js';
import { readOwnerMark } from './domain-xml.js';

/**
 * The name of another domain that is on and has one of the VM's MACs: it would take the VM's frames, or the VM its. null: there is none. VMs of vxmig's
 * own are kept apart by their VNIs.
 */
export function macRival(
  vm: Vm,
  domains: readonly { readonly name: string; readonly state: string; readonly xml: string }[],
): string | null {
  const rival = domains.find(
    ({ name, state, xml }) =>
      name !== domainOf(vm) &&
      isAlive(state) &&
      readOwnerMark(xml) === null &&
      macsOf(xml).some((mac) => vm.nics.some((nic) => nic.mac === mac)),
  );
  return rival?.name ?? null;
}

export function macClash(vm: Vm, host: string, rival: string): VxmigError {
  return new VxmigError('CLASH', `${host} runs a domain ${rival} with a MAC of ${vm.name}`, {
    where: `${host} ${rival}`,
    hint: 'Two NICs with one MAC take each other’s frames: is it a copy of this VM? Stop it, or give one of the two another `mac`.',
  });
}

function macsOf(xml: string): string[] {
  return [...xml.matchAll(/<mac\s+address=['"]([0-9a-fA-F:]{17})['"]/g)].map(([, mac = '']) => mac.toLowerCase());
}
