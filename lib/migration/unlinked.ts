import { withoutLength } from '../model/address.js';
import { DomainDefinition } from '../model/domain-definition.js';
import type { MigrationContext, RunningProbe } from './context.js';

/** The NICs of a definition whose link its owner has taken down (`virsh domif-setlink`), as for a quarantine: nobody hears of them, here or there. */
export function unlinkedMacs(xml: string): string[] {
  if (xml === '') return [];
  return DomainDefinition.parse(xml).interfaces.flatMap(({ mac, linkDown }) => (linkDown ? [mac] : []));
}

/** Pings of their addresses count for nothing: their silence says nothing of the move. The summary names such a NIC as unwatched. */
export function leaveUnlinked(context: MigrationContext): void {
  const left = context.probes.filter((probe) => !isUnlinked(context, probe));
  context.probes.splice(0, context.probes.length, ...left);
}

function isUnlinked({ vm, unlinked }: MigrationContext, probe: RunningProbe): boolean {
  if (probe.to !== vm.name) return false;
  const nic = vm.nics.find(
    ({ network, addresses }) =>
      network === probe.network && addresses.some((one) => withoutLength(one) === probe.address),
  );
  return nic !== undefined && unlinked.includes(nic.mac);
}
