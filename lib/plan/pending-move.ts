import { VxmigError } from '../model/errors.js';
import type { Vm } from '../model/topology.js';
import { domainOf } from './desired-vms.js';
import { type PendingVm, pendingText } from './pending.js';

/**
 * Why a VM that runs with other NICs than it will have cannot be moved; null: it has them. What moves has to be what
 * frames are sent ahead to.
 */
export function pendingMove(pending: readonly PendingVm[], vm: Vm, to: string): VxmigError | null {
  const found = pending.find(({ domain }) => domain === domainOf(vm));
  if (found === undefined) return null;
  const { what, fix } = pendingText(found);
  const message = `${vm.name} cannot move to ${to}: ${what}: a move would not be of the NIC that the guest has`;
  return new VxmigError('HOST_UNFIT', message, {
    where: `${found.host} ${found.domain}`,
    hint: `Nothing was changed. Say \`host: ${found.host}\` in the file and apply, which connects it there. ${fix}`,
  });
}
